/* SPDX-License-Identifier: MIT */
/* io/event.c - event objects with handles. */
#include "io/priv.h"

OBJECT_TYPE ob_type_event = {.name = "Event", .last_handle = io_named_forget};

static void *create(const struct io_named_config *n)
{
    const struct io_event_config *c = n->io;
    PKEVENT                       event = ob_create(&ob_type_event, sizeof(KEVENT));

    if (event)
        ke_event_init(event, c->type, c->state);
    return event;
}

NTSTATUS io_event_create(const struct io_event_config *c, PHANDLE handle, PKEVENT *event)
{
    struct io_named_config n = {c->name, &ob_type_event, c->open_only ? NULL : create, c};

    return io_named_create(&n, handle, (void **)event);
}
