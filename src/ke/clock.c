/* SPDX-License-Identifier: MIT */
/*
 * ke/clock.c - interrupt time, system time, the tick.
 *
 * There is no periodic clock interrupt. Ticks are a grid on interrupt time: "the last tick" is the current time rounded
 * down to it, and a wake-up is a due time rounded up to it. So an idle machine has no wake-ups at all, and yet timers,
 * tick counts and times read as on NT, where all of them move at ticks (KTM-017, KTM-018). When the resolution changes the
 * grid goes on from the last tick in the new step. Tick 0 is the exact clock.
 *
 * System time is interrupt time plus an offset; setting it changes the offset, and timers with absolute due times are
 * found again because their queue is keyed by system time (KTM-021, KTM-022).
 */
#include "ke/priv.h"

static struct {
    struct mach_lock lock;     /* protects base, count, requests; readers take it only when ticks are in use */
    uint32_t         step;     /* 100 ns, 0 = exact */
    nt_100ns         base;     /* interrupt time of some past tick */
    uint64_t         count;    /* ticks of the default length up to base */
    uint32_t         requests; /* drivers that asked for the finest resolution */
    nt_100ns         offset;   /* system - interrupt; modulo 2^64; atomic */
    nt_100ns         recent;   /* a recent tick on the present grid: spares a division; atomic */
} clk;

void ke_clock_boot(void)
{
    clk.lock = (struct mach_lock){0};
    clk.step = ke.cfg.tick_100ns;
    clk.base = clk.recent = 0;
    clk.count = 0;
    clk.requests = 0;
    clk.offset = ke.cfg.system_time ? ke.cfg.system_time : mach_boot_time();
}

nt_100ns ke_interrupt_time_precise(void)
{
    return nt_from_ns_floor(mach_now());
}

static uint32_t step_now(void)
{
    return __atomic_load_n(&clk.step, __ATOMIC_RELAXED);
}

static nt_100ns base_now(void)
{
    return __atomic_load_n(&clk.base, __ATOMIC_ACQUIRE);
}

nt_100ns ke_clock_tick_now(void)
{
    nt_100ns now = ke_interrupt_time_precise(), tick = __atomic_load_n(&clk.recent, __ATOMIC_RELAXED);

    if (now - tick < step_now())
        return tick;
    nt_100ns base = base_now();

    tick = now <= base ? base : base + units_round_down(now - base, step_now());
    __atomic_store_n(&clk.recent, tick, __ATOMIC_RELAXED);
    return tick;
}

nt_100ns ke_interrupt_time(void)
{
    return ke_clock_tick_now();
}

nt_100ns ke_clock_tick_at_or_after(nt_100ns t)
{
    nt_100ns base = base_now();

    return t <= base ? base : units_add_sat(base, units_round_up(t - base, step_now()));
}

nt_100ns ke_system_offset(void)
{
    return __atomic_load_n(&clk.offset, __ATOMIC_RELAXED);
}

nt_100ns ke_system_time(void)
{
    return ke_clock_tick_now() + ke_system_offset();
}

nt_100ns ke_system_time_precise(void)
{
    return ke_interrupt_time_precise() + ke_system_offset();
}

void ke_system_time_set(nt_100ns t)
{
    __atomic_store_n(&clk.offset, t - ke_clock_tick_now(), __ATOMIC_RELAXED);
    ke_timer_rearm_all();
}

uint32_t ke_clock_tick(void)
{
    return step_now();
}

uint32_t ke_clock_tick_max(void)
{
    return ke.cfg.tick_100ns ? ke.cfg.tick_100ns : 1;
}

uint64_t ke_clock_ticks(void)
{
    return ke_clock_tick_now() / ke_clock_tick_max();
}

/*
 * The finest tick while anybody wants it, else the default one (EXT-108, EXT-109). Exact stays exact. Who wants it is
 * looked at under the lock: of two processors that change their minds at once, the later one decides for both.
 */
void ke_clock_resolution_changed(void)
{
    unsigned old = ke_raise_to(DISPATCH_LEVEL);
    uint32_t want = ke.cfg.tick_100ns;

    mach_lock(&clk.lock);
    bool fine =
        __atomic_load_n(&clk.requests, __ATOMIC_RELAXED) || __atomic_load_n(&ke.high_resolution, __ATOMIC_RELAXED);

    if (want && fine && ke.cfg.tick_min_100ns < want)
        want = ke.cfg.tick_min_100ns;
    bool changes = want != step_now();

    if (changes) {
        nt_100ns tick = ke_clock_tick_now();

        __atomic_store_n(&clk.recent, tick, __ATOMIC_RELAXED);
        __atomic_store_n(&clk.base, tick, __ATOMIC_RELEASE);
        __atomic_store_n(&clk.step, want, __ATOMIC_RELAXED);
    }
    mach_unlock(&clk.lock);
    if (changes)
        ke_timer_rearm_all();
    mach_irql_lower(old);
}

void ke_clock_range(ULONG *longest_100ns, ULONG *shortest_100ns)
{
    uint32_t fine = ke.cfg.tick_min_100ns;

    *longest_100ns = ke_clock_tick_max();
    *shortest_100ns = fine && fine < ke_clock_tick_max() ? fine : ke_clock_tick_max();
}

uint32_t ke_clock_request(bool set, uint32_t wanted_100ns)
{
    (void)wanted_100ns; /* two resolutions exist: the default and the finest */
    if (set)
        __atomic_add_fetch(&clk.requests, 1, __ATOMIC_RELAXED);
    else if (clk.requests)
        __atomic_sub_fetch(&clk.requests, 1, __ATOMIC_RELAXED);
    ke_clock_resolution_changed();
    return step_now();
}
