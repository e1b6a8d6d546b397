/* SPDX-License-Identifier: MIT */
#include "base/ev.h"

#include <stddef.h>

ev_set   ev_mask_any;
uint32_t ev_any;
void (*ev_stamp)(struct ev *e);

static struct ev_observer *observers;

static void recompute_mask(void)
{
    ev_set mask = 0;

    for (struct ev_observer *o = observers; o; o = o->next)
        mask |= o->mask;
    ev_mask_any = mask;
    ev_any = mask != 0;
}

void ev_subscribe(struct ev_observer *o)
{
    struct ev_observer **end = &observers;

    while (*end)
        end = &(*end)->next;
    o->next = NULL;
    *end = o;
    recompute_mask();
}

void ev_unsubscribe(struct ev_observer *o)
{
    for (struct ev_observer **p = &observers; *p; p = &(*p)->next) {
        if (*p == o) {
            *p = o->next;
            break;
        }
    }
    recompute_mask();
}

__attribute__((noinline)) void ev_publish(enum ev_id id, const void *obj, uint64_t a, uint64_t b, uint64_t c)
{
    struct ev e = {.id = (uint16_t)id, .obj = obj, .a = a, .b = b, .c = c};

    if (ev_stamp)
        ev_stamp(&e);
    for (struct ev_observer *o = observers; o; o = o->next)
        if (o->mask & EV_BIT(id))
            o->on(o, &e);
}

const char *ev_name(enum ev_id id)
{
    static const char *const names[] = {
#define EV(name, obj, a, b, c) #name,
#include "base/ev.def"
#undef EV
    };

    return id < EV_COUNT ? names[id] : "?";
}
