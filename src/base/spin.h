/* SPDX-License-Identifier: MIT */
/* base/spin.h - a lock for observers: they may not take kernel locks, and on one host thread it never spins. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

struct spin {
    atomic_flag held;
};

#define SPIN_INIT        \
    {                    \
        ATOMIC_FLAG_INIT \
    }

static inline bool spin_take(struct spin *s)
{
    return !atomic_flag_test_and_set_explicit(&s->held, memory_order_acquire);
}

void spin_wait(struct spin *s); /* until it is taken */

static inline void spin_lock(struct spin *s)
{
    if (!spin_take(s))
        spin_wait(s);
}

static inline void spin_unlock(struct spin *s)
{
    atomic_flag_clear_explicit(&s->held, memory_order_release);
}
