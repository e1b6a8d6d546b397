/* SPDX-License-Identifier: MIT */
/*
 * ex/exlock.c - what resources, push locks and rundown protection share.
 *
 * One kernel lock guards the state of them all: each routine is a few instructions under it, and whoever waits has an event
 * of its own. A lock is handed over, never left free for whoever comes first: the releaser makes the waiter its owner,
 * then wakes it. So nothing can be lost between the look at the lock and the wait, and no order of grants depends on who
 * runs first.
 *
 *   waiter                          releaser
 *   lock; not free: append; unlock
 *                                   lock; take off, make owner; unlock
 *   (waits, or has not begun to)
 *                                   set event            nothing of the waiter's is touched afterwards
 *   wait ends; waiter is gone
 */
#include "ex/exlock.h"

#include "ex/fastmutex.h"
#include "ex/locks.h"

static struct {
    struct mach_lock lock;
    uint64_t         run, tickets;
} all;

void ex_locks_boot(void)
{
    all.lock = (struct mach_lock){0};
    all.tickets = 0;
    all.run++;
    ex_push_boot();
    ex_mutex_boot();
}

unsigned ex_lock(void)
{
    unsigned irql = ke_raise_to(DISPATCH_LEVEL);

    mach_lock(&all.lock);
    return irql;
}

void ex_unlock(unsigned irql)
{
    mach_unlock(&all.lock);
    mach_irql_lower(irql);
}

void ex_waiter_append_locked(struct ex_waiter **list, struct ex_waiter *w)
{
    w->next = NULL;
    w->ticket = ++all.tickets;
    w->thread = (uintptr_t)ke_thread_current();
    ke_event_init(&w->event, SynchronizationEvent, false);
    while (*list)
        list = &(*list)->next;
    *list = w;
}

void ex_wake(struct ex_waiter *w)
{
    while (w) {
        struct ex_waiter *next = w->next;

        ke_event_set(&w->event, 0);
        w = next;
    }
}

uintptr_t ex_lock_cookie(const void *object)
{
    return (((uintptr_t)object >> 3) + all.run) * 0x9e3779b97f4a7c15ull | 1;
}
