/* SPDX-License-Identifier: MIT */
/*
 * host/timers.c - what became of each timer of a run: set, expired, cancelled, late. An observer of its own, off
 * unless dt_timers_watch() was called.
 *
 * Keyed by address: a timer that is freed and another one in its place count as one unless the first is
 * initialized again. Timers of the kernel's own waits are not shown.
 */
#include <stdio.h>
#include <string.h>

#include "base/ddi.h"
#include "base/ev.h"
#include "base/spin.h"
#include "host/host.h"
#include "host/symbols.h"

enum { TIMERS_MAX = 4096 }; /* a power of two; what does not fit is not counted */

struct watched {
    const void *timer, *routine; /* routine: of its DPC, or the callback */
    uint64_t    set, expired, cancelled, reset;
    uint64_t    late_max; /* 100 ns */
    bool        ex, drivers, is_set;
};

static struct watched table[TIMERS_MAX];
static unsigned       order[TIMERS_MAX], count; /* in order of appearance */
static struct spin    lock = SPIN_INIT;

static struct watched *find(const void *timer)
{
    unsigned i = (unsigned)((uintptr_t)timer >> 4) * 2654435761u;

    for (unsigned probe = 0; probe < TIMERS_MAX; probe++, i++) {
        struct watched *w = &table[i % TIMERS_MAX];

        if (w->timer == timer)
            return w;
        if (w->timer)
            continue;
        w->timer = timer;
        order[count++] = i % TIMERS_MAX;
        return w;
    }
    return NULL;
}

/* DPCs have entries of their own, for their routines; drivers stays false, so that they are not shown. */
static void note_set(struct watched *w, const struct ev *e)
{
    const void           *dpc = (const void *)(uintptr_t)e->c;
    const struct watched *d = dpc && !w->ex ? find(dpc) : NULL;

    w->set++;
    w->is_set = true;
    w->drivers |= dpc != NULL;
    if (d)
        w->routine = d->routine;
}

static void note_expire(struct watched *w, const struct ev *e)
{
    uint64_t late = e->b > e->a ? e->b - e->a : 0;

    w->expired++;
    w->is_set = e->c != 0;
    if (late > w->late_max)
        w->late_max = late;
}

static void note_ext(struct watched *w, const struct ev *e)
{
    w->ex = w->drivers = true;
    w->routine = (const void *)(uintptr_t)e->a;
}

static void note(const struct ev *e)
{
    if (e->id == EV_DDI_ENTER && e->a != DDI_KeInitializeTimer && e->a != DDI_KeInitializeTimerEx)
        return;
    struct watched *w = find(e->obj);

    if (!w)
        return;
    switch (e->id) {
    case EV_TIMER_SET:
        note_set(w, e);
        break;
    case EV_TIMER_RESET:
        w->reset++;
        break;
    case EV_TIMER_CANCEL:
        w->cancelled += e->a != 0;
        w->is_set = false;
        break;
    case EV_TIMER_EXPIRE:
        note_expire(w, e);
        break;
    case EV_DPC_INIT:
        w->routine = (const void *)(uintptr_t)e->b;
        break;
    case EV_EXT_ALLOC:
        note_ext(w, e);
        break;
    default:
        w->drivers = true;
        break;
    }
}

static void on_event(struct ev_observer *self, const struct ev *e)
{
    (void)self;
    spin_lock(&lock);
    note(e);
    spin_unlock(&lock);
}

static struct ev_observer observer = {.on = on_event,
    .mask = EV_BIT(EV_TIMER_SET) | EV_BIT(EV_TIMER_RESET) | EV_BIT(EV_TIMER_CANCEL) | EV_BIT(EV_TIMER_EXPIRE) |
            EV_BIT(EV_EXT_ALLOC) | EV_BIT(EV_DPC_INIT) | EV_BIT(EV_DDI_ENTER)};

void dt_timers_watch(bool on)
{
    static bool watching;

    if (on == watching)
        return;
    watching = on;
    memset(table, 0, sizeof table);
    count = 0;
    if (on)
        ev_subscribe(&observer);
    else
        ev_unsubscribe(&observer);
}

void dt_timers_each(bool (*fn)(void *io, const struct dt_timer_stats *s), void *io)
{
    for (unsigned i = 0; i < count; i++) {
        const struct watched *w = &table[order[i]];
        struct dt_timer_stats s = {.ex = w->ex,
            .set = w->set,
            .expired = w->expired,
            .cancelled = w->cancelled,
            .reset = w->reset,
            .late_max = w->late_max * 100,
            .still_set = w->is_set};

        if (!w->drivers || (!w->set && !w->ex))
            continue;
        if (w->routine)
            symbols_name(w->routine, s.name, sizeof s.name);
        else
            snprintf(s.name, sizeof s.name, "(no routine)");
        if (!fn(io, &s))
            return;
    }
}
