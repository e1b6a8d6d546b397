/* SPDX-License-Identifier: MIT */
/* mach/rt/time.c - the host's clock as the machine's, and stalls. */
#include "mach/rt/rt.h"

#include <errno.h>
#include <sched.h>
#include <time.h>

#define NS_PER_S              1000000000ull
#define S_FROM_1601_TO_1970   11644473600ull
#define STALL_SLEEP_NS_MIN    200000u /* shorter stalls below IRQL 2 are spun */
#define STALL_SPIN_AT_END_NS  100000u /* a sleep ends that much early, and the rest is spun */
#define STALL_TURNS_PER_YIELD 64u

static uint64_t host_boot_ns; /* CLOCK_MONOTONIC when the machine was started */
static nt_100ns boot_time_nt;

static uint64_t host_now(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

void rt_time_boot(void)
{
    host_boot_ns = host_now(CLOCK_MONOTONIC);
    boot_time_nt = S_FROM_1601_TO_1970 * NT_100NS_PER_S + host_now(CLOCK_REALTIME) / 100;
}

mach_ns rt_host_ns(mach_ns t)
{
    return units_add_sat(t, host_boot_ns);
}

mach_ns mach_now(void)
{
    rt_check_halt();
    return host_now(CLOCK_MONOTONIC) - host_boot_ns;
}

nt_100ns mach_boot_time(void)
{
    return boot_time_nt;
}

/* The host's clock moves by itself. */
void mach_time_polled(void) {}

static void sleep_until(mach_ns t)
{
    mach_ns         host = rt_host_ns(t);
    struct timespec at = {
        .tv_sec = (time_t)(host / NS_PER_S),
        .tv_nsec = (long)(host % NS_PER_S),
    };

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
        ;
}

/*
 * Below 2 nobody else's processor is kept busy, so that a long stall sleeps for most of its time. From 2 on it spins and takes
 * lines at every turn, yielding now and then to whoever shares the host's processor.
 */
void mach_stall(mach_ns ns)
{
    mach_ns now = mach_now(), end = units_add_sat(now, ns);

    if (mach_irql() < 2 && ns >= STALL_SLEEP_NS_MIN)
        sleep_until(end - STALL_SPIN_AT_END_NS);
    for (unsigned turn = 1; mach_now() < end; turn++) {
        mach_point(MACH_POINT_DDI, NULL);
        if (turn % STALL_TURNS_PER_YIELD == 0)
            sched_yield();
        else
            __builtin_ia32_pause();
    }
}
