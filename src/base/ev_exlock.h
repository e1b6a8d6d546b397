/* SPDX-License-Identifier: MIT */
/*
 * base/ev_exlock.h - which executive lock an EV_LOCK_OTHER event is about.
 *
 * EV_LOCK_INIT:              b = the kind; c = 1: it is not initialized any more
 * EV_LOCK_ACQUIRE, _RELEASE: c = ev_exlock(kind, count)
 *
 *     resources, push locks    count = acquisitions that the thread has of it now
 *     rundown protection       0 = a reference; 1 = acquired: all are back, released: it may be taken again
 *     remove locks             0 = a reference; 1 = released: IoReleaseRemoveLockAndWait begins, acquired: it ends
 *
 * In events of EV_LOCK_FAST_MUTEX bit 0 of c says that the routine moves IRQL; an attempt adds EV_LOCK_TRIED.
 */
#pragma once

#include <stdint.h>

enum ev_exlock_kind {
    EV_EXLOCK_RESOURCE_EXCLUSIVE = 1,
    EV_EXLOCK_RESOURCE_SHARED,
    EV_EXLOCK_PUSH_EXCLUSIVE,
    EV_EXLOCK_PUSH_SHARED,
    EV_EXLOCK_RUNDOWN,
    EV_EXLOCK_REMOVE
};

static inline uint64_t ev_exlock(enum ev_exlock_kind kind, uint64_t count)
{
    return count << 8 | kind;
}

static inline enum ev_exlock_kind ev_exlock_kind(uint64_t c)
{
    return (enum ev_exlock_kind)(c & 0xff);
}

static inline uint64_t ev_exlock_count(uint64_t c)
{
    return c >> 8;
}

/* Others may have it at the same time. */
static inline int ev_exlock_shared(uint64_t c)
{
    switch (ev_exlock_kind(c)) {
    case EV_EXLOCK_RESOURCE_SHARED:
    case EV_EXLOCK_PUSH_SHARED:
        return 1;
    case EV_EXLOCK_RUNDOWN:
    case EV_EXLOCK_REMOVE:
        return ev_exlock_count(c) == 0;
    default:
        return 0;
    }
}
