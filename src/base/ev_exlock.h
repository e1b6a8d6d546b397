/* SPDX-License-Identifier: MIT */
/*
 * base/ev_exlock.h - which executive lock an EV_LOCK_OTHER event is about.
 *
 * EV_LOCK_INIT:              b = the kind; c = 1: it is not initialized any more
 * EV_LOCK_ACQUIRE, _RELEASE: c = ev_exlock(kind, count); count = acquisitions that the thread has of it now
 *                            EV_EXLOCK_REMOVE: count 1 = IoReleaseRemoveLockAndWait begins, or has ended
 *
 * In events of EV_LOCK_FAST_MUTEX c is 1 when the routine moves IRQL, else 0.
 */
#pragma once

#include <stdint.h>

enum ev_exlock_kind {
    EV_EXLOCK_RESOURCE_EXCLUSIVE = 1,
    EV_EXLOCK_RESOURCE_SHARED,
    EV_EXLOCK_PUSH_EXCLUSIVE,
    EV_EXLOCK_PUSH_SHARED,
    EV_EXLOCK_RUNDOWN, /* count is not kept: who releases need not have acquired */
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
