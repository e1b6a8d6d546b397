/* SPDX-License-Identifier: MIT */
/*
 * io/event.c - event objects with handles, and their names.
 *
 * A name lives as long as the event has open handles. Names are compared without regard to case and as they are given: there are
 * no directories. events.lock protects the table; a handle is made while it is held, so that a name found is still alive.
 */
#include "ex/unicode.h"
#include "io/priv.h"

enum { EVENTS_MAX = 64, CHARS_MAX = 96 };

struct named {
    PKEVENT  event; /* NULL: free */
    unsigned length;
    WCHAR    name[CHARS_MAX];
};

static struct {
    KEVENT       lock; /* held when not signaled; PASSIVE_LEVEL */
    unsigned     used;
    struct named entry[EVENTS_MAX];
} events;

void io_event_boot(void)
{
    ke_event_init(&events.lock, SynchronizationEvent, true);
    events.used = 0;
}

static void lock_events(void)
{
    ke_wait_one(&events.lock, NULL);
}

static void unlock_events(void)
{
    ke_event_set(&events.lock, 0);
}

static struct named *find_locked(const UNICODE_STRING *name)
{
    for (unsigned i = 0; i < events.used; i++) {
        struct named *n = &events.entry[i];

        if (n->event && ex_compare(n->name, n->length, name->Buffer, name->Length / sizeof(WCHAR), true) == 0)
            return n;
    }
    return NULL;
}

static struct named *free_entry_locked(void)
{
    for (unsigned i = 0; i < events.used; i++)
        if (!events.entry[i].event)
            return &events.entry[i];
    return events.used < EVENTS_MAX ? &events.entry[events.used++] : NULL;
}

/* The last handle has been closed. */
static void forget_name(void *body)
{
    if (events.used == 0)
        return;
    lock_events();
    for (unsigned i = 0; i < events.used; i++)
        if (events.entry[i].event == body && ob_handle_count(body) == 0)
            events.entry[i].event = NULL;
    unlock_events();
}

OBJECT_TYPE ob_type_event = {.name = "Event", .last_handle = forget_name};

static NTSTATUS create(const struct io_event_config *c, PHANDLE handle, PKEVENT *event)
{
    *event = ob_create(&ob_type_event, sizeof(KEVENT));
    if (!*event)
        return STATUS_INSUFFICIENT_RESOURCES;
    ke_event_init(*event, c->type, c->state);
    NTSTATUS status = ob_handle_create(*event, handle);

    ob_dereference(*event); /* the handle keeps it */
    return status;
}

static NTSTATUS create_named_locked(const struct io_event_config *c, PHANDLE handle, PKEVENT *event)
{
    struct named *n = free_entry_locked();

    if (!n)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = create(c, handle, event);

    if (!NT_SUCCESS(status))
        return status;
    n->event = *event;
    n->length = c->name->Length / sizeof(WCHAR);
    for (unsigned i = 0; i < n->length; i++)
        n->name[i] = c->name->Buffer[i];
    return status;
}

NTSTATUS io_event_create(const struct io_event_config *c, PHANDLE handle, PKEVENT *event)
{
    if (!c->name || c->name->Length == 0)
        return c->open_only ? STATUS_OBJECT_PATH_SYNTAX_BAD : create(c, handle, event);
    if (c->name->Length / sizeof(WCHAR) > CHARS_MAX)
        return STATUS_NAME_TOO_LONG;
    lock_events();
    struct named *n = find_locked(c->name);
    NTSTATUS      status;

    if (!n && c->open_only) {
        status = STATUS_OBJECT_NAME_NOT_FOUND;
    } else if (!n) {
        status = create_named_locked(c, handle, event);
    } else {
        *event = n->event;
        status = ob_handle_create(n->event, handle);
        if (NT_SUCCESS(status))
            status = STATUS_OBJECT_NAME_EXISTS;
    }
    unlock_events();
    return status;
}
