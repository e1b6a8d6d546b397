/* SPDX-License-Identifier: MIT */
#include "base/spin.h"

#include <sched.h>

enum { TURNS_PER_YIELD = 64 };

/* The holder may be off the host's processors: with 64 threads on two of them, spinning alone would keep it there. */
void spin_wait(struct spin *s)
{
    for (unsigned turn = 1; !spin_take(s); turn++)
        if (turn % TURNS_PER_YIELD == 0)
            sched_yield();
        else
            __builtin_ia32_pause();
}
