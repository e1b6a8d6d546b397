/* SPDX-License-Identifier: MIT */
/* tests/sp/timer.h - what the tests of miniport timers share. */
#pragma once

#include "sp/stor.h"

static inline void arm(void *ext, PHW_TIMER routine, ULONG us)
{
    StorPortNotification(RequestTimerCall, ext, routine, us);
}

static inline void disarm(void *ext)
{
    StorPortNotification(RequestTimerCall, ext, NULL, 0ul);
}

static inline void count_timer(PVOID ext)
{
    ((struct mini_ext *)ext)->timers++;
}

/* Two are inside protected code at once: what the tests of exclusion look for. */
static inline void enter_alone(volatile LONG *word)
{
    dt_expect_eq(InterlockedIncrement(word), 1);
}

static inline void leave_alone(volatile LONG *word)
{
    InterlockedDecrement(word);
}
