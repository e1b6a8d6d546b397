/* SPDX-License-Identifier: MIT */
/*
 * ke/sched.c - a thread's priority and where it may run. Who runs is the machine's doing (mach/sim/sched.c): priority holds
 * inside a processor; the real-time machine leaves it to the host.
 *
 * Priority: base, and what it is now, which a boost (wait.c) may have lifted above base. All threads belong to the system
 * process, whose base is 8 and whose class is variable: a base that is set relative to it stays in 1 .. 15 (THR-024).
 *
 * Affinity: the mask the thread was made with, which NT calls the user affinity, unless a system affinity is in force. At most
 * 64 processors, in one group or several (group.c), all of them active for as long as the machine runs. A thread that nobody
 * has bound may run on all of them, in all groups, as since Windows 11.
 *
 * The dispatcher lock protects all of it. When it is let go the thread may have to leave its processor: below DISPATCH_LEVEL
 * at once, else when IRQL drops (THR-031).
 */
#include "ke/priv.h"

#define PROCESS_BASE 8

/* ---- priority ---- */

KPRIORITY ke_thread_priority(ke_thread *t)
{
    return t->priority;
}

static KPRIORITY set_locked(ke_thread *t, KPRIORITY priority)
{
    KPRIORITY before = t->priority;

    t->priority = t->base = priority;
    if (t->ctx && !t->ended)
        mach_ctx_priority(t->ctx, (unsigned)priority);
    return before;
}

KPRIORITY ke_thread_priority_set(ke_thread *t, KPRIORITY priority)
{
    unsigned  old = ke_dispatcher_lock();
    KPRIORITY before = set_locked(t, priority);

    ke_dispatcher_unlock(old);
    return before;
}

static KPRIORITY in_variable_class(LONG base)
{
    return base < 1 ? 1 : base >= LOW_REALTIME_PRIORITY ? LOW_REALTIME_PRIORITY - 1 : base;
}

LONG ke_thread_base_set(ke_thread *t, LONG increment)
{
    int64_t  wanted = (int64_t)PROCESS_BASE + increment;
    LONG     base = wanted < 0 ? 0 : wanted > HIGH_PRIORITY ? HIGH_PRIORITY : (LONG)wanted;
    unsigned old = ke_dispatcher_lock();
    LONG     before = t->base - PROCESS_BASE;

    set_locked(t, in_variable_class(base));
    ke_dispatcher_unlock(old);
    return before;
}

/* ---- affinity ---- */

uint64_t ke_affinity_all(void)
{
    return UINT64_MAX >> (64 - ke.cpus);
}

static void apply_locked(ke_thread *t)
{
    mach_ctx_affinity(t->ctx, t->system_affinity ? t->system_affinity : t->affinity);
}

bool ke_affinity_set(uint64_t mask, uint64_t *previous)
{
    ke_thread *t = ke_thread_current();

    *previous = 0;
    t->affinity_asked = !t->is_idle;
    if (mask == 0 || (mask & ~ke_affinity_all()) || t->is_idle)
        return false;
    unsigned old = ke_dispatcher_lock();

    *previous = t->system_affinity;
    t->system_affinity = mask;
    apply_locked(t);
    ke_dispatcher_unlock(old);
    return true;
}

/* A set that had no effect is a set before, too: Windows takes the mask then (THR-033). */
void ke_affinity_revert(uint64_t mask)
{
    ke_thread *t = ke_thread_current();
    unsigned   old = ke_dispatcher_lock();

    if (t->affinity_asked && (mask & ~ke_affinity_all()) == 0) {
        t->system_affinity = mask;
        t->affinity_asked = mask != 0;
        apply_locked(t);
    }
    ke_dispatcher_unlock(old);
}
