/* SPDX-License-Identifier: MIT */
/* ex/exlock.h - what resources, push locks and rundown protection share: one kernel lock and threads that wait. For ex/ only. */
#pragma once

#include "ke/ke.h"

/* A thread that waits for a lock; lives on its stack. Who grants the lock takes it off its list, with the lock's state
 * changed on its behalf, and wakes it when the kernel lock is let go. The kernel lock protects all but `event`. */
struct ex_waiter {
    struct ex_waiter *next;
    uintptr_t         thread;
    uint64_t          ticket; /* in order of arrival */
    uint64_t          held;   /* first of its list: state of the lock (pushlock.c), count (rundown.c) */
    bool              exclusive;
    unsigned          count; /* once granted: acquisitions that the thread has then */
    KEVENT            event;
};

/* IRQL <= 2; raises to DISPATCH_LEVEL. Never held across a point. */
unsigned ex_lock(void);
void     ex_unlock(unsigned irql);

/* To the end of the list. Kernel lock held. */
void ex_waiter_append_locked(struct ex_waiter **list, struct ex_waiter *w);

/* Wakes a list of waiters that have been granted what they wait for. Kernel lock not held. A waiter is gone once awake. */
void ex_wake(struct ex_waiter *w);

/* Normal kernel APCs could come now: the lock may not be taken or released (LCK-037, LCK-050, LCK-083). */
static inline bool ex_apcs_enabled(void)
{
    return mach_irql() == PASSIVE_LEVEL && !ke_apcs_disabled();
}
