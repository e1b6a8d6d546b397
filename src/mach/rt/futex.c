/* SPDX-License-Identifier: MIT */
/* mach/rt/futex.c - sleeping on a word. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE
#endif
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "mach/rt/rt.h"

/* The bit-set form because it alone takes an absolute instant of CLOCK_MONOTONIC. */
void rt_futex_wait(_Atomic uint32_t *word, uint32_t value, mach_ns due)
{
    mach_ns         host = rt_host_ns(due);
    struct timespec at = {
        .tv_sec = (time_t)(host / 1000000000),
        .tv_nsec = (long)(host % 1000000000),
    };

    syscall(SYS_futex, word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, value, due == MACH_NEVER ? NULL : &at, NULL,
        FUTEX_BITSET_MATCH_ANY);
}

void rt_futex_wake(_Atomic uint32_t *word, int count)
{
    syscall(SYS_futex, word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, count, NULL, NULL, 0);
}
