/* SPDX-License-Identifier: MIT */
/* base/spin.h - a lock for observers: they may not take kernel locks, and on one host thread it never spins. */
#pragma once

#include <stdatomic.h>

struct spin {
    atomic_flag held;
};

#define SPIN_INIT        \
    {                    \
        ATOMIC_FLAG_INIT \
    }

static inline void spin_lock(struct spin *s)
{
    while (atomic_flag_test_and_set_explicit(&s->held, memory_order_acquire))
        __builtin_ia32_pause();
}

static inline void spin_unlock(struct spin *s)
{
    atomic_flag_clear_explicit(&s->held, memory_order_release);
}
