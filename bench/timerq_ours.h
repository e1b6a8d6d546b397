/* SPDX-License-Identifier: MIT */
/*
 * ke/timerq.h as an engine, once per kind of lock. No #pragma once: OURS names the engine, OURS_LOCK and OURS_UNLOCK
 * are what the kernel would do around each call.
 */
#define O_JOIN2(a, b) a##_##b
#define O_JOIN(a, b)  O_JOIN2(a, b)
#define O(name)       O_JOIN(OURS, name)

enum { O(handle) = sizeof(KTIMER) };
static const char *const O(name) = OURS_NAME;

static void O(init)(size_t n)
{
    ours_init(n);
}

static void O(fini)(void)
{
    munmap(ours_timer, ours_bytes);
}

static inline void O(set)(uint32_t i, uint64_t rel)
{
    OURS_LOCK;
    ke_timerq_set(ours_queue, &ours_timer[i], clock_100ns + rel);
    OURS_UNLOCK;
}

static inline void O(reset)(uint32_t i, uint64_t rel)
{
    O(set)(i, rel);
}

static inline void O(cancel)(uint32_t i)
{
    OURS_LOCK;
    ke_timerq_cancel(ours_queue, &ours_timer[i]);
    OURS_UNLOCK;
}

static inline void O(periodic)(uint32_t i, uint32_t ms)
{
    ours_timer[i].Period = ms;
    O(set)(i, ms * UINT64_C(10000));
}

/* As the kernel does: a periodic timer is back in the queue before anyone hears of its expiry. */
static inline void O(advance)(void)
{
    for (;;) {
        OURS_LOCK;
        KTIMER *t = ke_timerq_take(ours_queue, clock_100ns);
        if (t != NULL && t->Period != 0)
            ke_timerq_set(ours_queue, t, t->DueTime.QuadPart + t->Period * UINT64_C(10000));
        OURS_UNLOCK;
        if (t == NULL)
            return;
        fired((size_t)(t - ours_timer));
    }
}

#define ENGINE OURS
#include "timerq_workload.h"
#undef ENGINE
#undef OURS
#undef OURS_NAME
#undef OURS_LOCK
#undef OURS_UNLOCK
#undef O
#undef O_JOIN
#undef O_JOIN2
