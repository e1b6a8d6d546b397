/* SPDX-License-Identifier: MIT */
/*
 * ke/dpcwatch.c - how long a processor has been at DISPATCH_LEVEL or above: the DPC watchdog and KeShouldYieldProcessor.
 *
 * What counts is the time that code lets pass itself, by stalling. Not what the clock shows: on the simulated machine the
 * clock may run away while a routine makes no progress, which says nothing about the routine; on the real-time machine
 * the host may take its processor away. So a bug check 0x133 here is always the driver's doing.
 *
 * Two counts per processor: dpc_ns of the DPC that runs (from zero with each), dispatch_ns since the processor was last
 * below DISPATCH_LEVEL (a series of DPCs, or a thread that has raised IRQL). Both belong to the processor's own code at
 * IRQL >= 2: no lock. The watchdog looks when time is added, where Windows looks at the next clock interrupt.
 */
#include "ke/priv.h"

/* Inferred: Microsoft names no number for KeShouldYieldProcessor; ten times what a DPC may take. */
#define LONG_NS 1000000ull

/* Inferred: the page of bug check 0x101 names no number either. */
#define CLOCK_LIMIT_NS 10000000000ull

bool ke_time_counts;

/* A tick is what KeQueryTimeIncrement says; with an exact clock a millisecond. */
static mach_ns tick_ns(void)
{
    return ns_from_nt(ke.cfg.tick_100ns ? ke.cfg.tick_100ns : KE_TICK_MIN);
}

static uint64_t ticks_of(mach_ns ns)
{
    return ns / tick_ns();
}

/* Never 0 while the watchdog is on. */
static uint64_t limit_ticks(void)
{
    uint64_t ms = ke.cfg.dpc_watchdog_ms, ticks = ticks_of(ms * 1000000);

    return ms && !ticks ? 1 : ticks;
}

void ke_dpcwatch_boot(void)
{
    __atomic_store_n(&ke_time_counts, false, __ATOMIC_RELAXED);
    for_each_cpu(c) {
        c->high_ns = 0;
        c->clock_held = false;
    }
}

static void look(const struct ke_cpu *c)
{
    uint64_t limit = limit_ticks(), dpc = ticks_of(c->dpc_ns), all = ticks_of(c->dispatch_ns);

    if (c->dpc_depth && dpc > limit) {
        uint64_t p[4] = {0, dpc, limit, 0};

        ke_bugcheckf("DT-B01", 0x133, p, "a DPC routine has taken %llu ticks; %llu is the limit",
            (unsigned long long)dpc, (unsigned long long)limit);
    }
    if (all > KE_DPC_SERIES * limit) {
        uint64_t p[4] = {1, KE_DPC_SERIES * limit, 0, 0};

        ke_bugcheckf("DT-B01", 0x133, p,
            "processor %u has been at DISPATCH_LEVEL or above for %llu ticks; %llu is the limit", mach_cpu(),
            (unsigned long long)all, (unsigned long long)(KE_DPC_SERIES * limit));
    }
}

/* Another processor would miss this one's clock interrupts (CLK-037). */
static void look_at_clock(struct ke_cpu *c, mach_ns ns)
{
    uint64_t ticks;

    if (mach_irql() < CLOCK_LEVEL || ke.cpus < 2)
        return;
    c->high_ns += ns;
    ticks = ticks_of(c->high_ns);
    uint64_t p[4] = {ticks, 0, (uintptr_t)c, mach_cpu()};

    if (c->high_ns >= CLOCK_LIMIT_NS)
        ke_bugcheckf("DT-C02", CLOCK_WATCHDOG_TIMEOUT, p, "processor %u has taken no clock interrupt for %llu ticks",
            mach_cpu(), (unsigned long long)ticks);
}

static void count_thread(mach_ns ns)
{
    ke_thread *t = ke_thread_current();

    if (!ke_dpc_executing())
        __atomic_store_n(&t->run_ns, t->run_ns + ns, __ATOMIC_RELAXED);
}

void ke_stall(mach_ns ns)
{
    mach_stall(ns);
    count_thread(ns);
    if (mach_irql() < DISPATCH_LEVEL)
        return;
    struct ke_cpu *c = ke_this_cpu();

    look_at_clock(c, ns);

    __atomic_store_n(&ke_time_counts, true, __ATOMIC_RELAXED);
    c->dispatch_ns += ns;
    if (c->dpc_depth)
        c->dpc_ns += ns;
    if (ke.cfg.dpc_watchdog_ms)
        look(c);
}

/* In a DPC the series goes on: only its processor's drain ends it. */
void ke_yielded(unsigned irql)
{
    struct ke_cpu *c;

    if (mach_irql() < DISPATCH_LEVEL)
        return;
    c = ke_this_cpu();
    if (irql < CLOCK_LEVEL) {
        c->high_ns = 0;
        c->clock_held = false;
    }
    if (irql < DISPATCH_LEVEL && !c->dpc_depth)
        c->dispatch_ns = 0;
}

bool ke_should_yield(void)
{
    return mach_irql() >= DISPATCH_LEVEL && ke_this_cpu()->dispatch_ns >= LONG_NS;
}

static ULONG left(uint64_t limit, mach_ns used)
{
    uint64_t ticks = ticks_of(used);

    return (ULONG)(ticks < limit ? limit - ticks : 0);
}

bool ke_dpc_watchdog(PKDPC_WATCHDOG_INFORMATION info)
{
    if (mach_irql() < DISPATCH_LEVEL)
        return false;
    const struct ke_cpu *c = ke_this_cpu();
    uint64_t             limit = limit_ticks();

    *info = (KDPC_WATCHDOG_INFORMATION){.DpcTimeLimit = (ULONG)limit,
        .DpcTimeCount = left(limit, c->dpc_depth ? c->dpc_ns : 0),
        .DpcWatchdogLimit = (ULONG)(KE_DPC_SERIES * limit),
        .DpcWatchdogCount = left(KE_DPC_SERIES * limit, c->dispatch_ns)};
    return true;
}
