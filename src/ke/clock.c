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

enum { REQUESTS_LOGGED = 64 };

static struct {
    struct mach_lock lock;       /* protects base, requests, wanted, log */
    uint32_t         step;       /* 100 ns, 0 = exact; atomic */
    nt_100ns         base;       /* interrupt time of some past tick; atomic */
    uint32_t         requests;   /* of drivers for another resolution that are not withdrawn */
    uint32_t         wanted;     /* the finest of them; 100 ns */
    nt_100ns         offset;     /* system - interrupt; modulo 2^64; atomic */
    nt_100ns         recent;     /* a recent tick on the present grid: spares a division; atomic */
    mach_ns          recent_end; /* when the next tick comes after it: for ke_clock_tick_known(); atomic */
    nt_100ns         zone;       /* bias: system time = local time + bias; modulo 2^64; atomic */
    unsigned         logged;
    struct {
        const void *caller;
        int         delta;
    } log[REQUESTS_LOGGED];
} clk;

/* The power manager's lock, which it holds while any power request is under way. */
static struct {
    struct mach_lock lock;
    bool             ready; /* the event is initialized: there has been a request in this run */
    unsigned         requests;
    KEVENT           free;
} power;

static void recent_end_set(void)
{
    nt_100ns recent = __atomic_load_n(&clk.recent, __ATOMIC_RELAXED);
    uint32_t step = __atomic_load_n(&clk.step, __ATOMIC_RELAXED);

    __atomic_store_n(&clk.recent_end, ns_from_nt(recent) + ns_from_nt(step), __ATOMIC_RELAXED);
}

static void step_set(uint32_t step)
{
    __atomic_store_n(&clk.step, step, __ATOMIC_RELAXED);
    recent_end_set();
}

static void recent_set(nt_100ns tick)
{
    __atomic_store_n(&clk.recent, tick, __ATOMIC_RELAXED);
    recent_end_set();
}

void ke_clock_boot(void)
{
    clk.lock = (struct mach_lock){0};
    step_set(ke.cfg.tick_100ns);
    recent_set(0);
    clk.base = 0;
    clk.requests = clk.wanted = clk.logged = 0;
    clk.zone = 0;
    power.ready = false;
    power.requests = 0;
}

/* The machine runs: it knows the time now. */
void ke_clock_start(void)
{
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

static __attribute__((noinline)) nt_100ns find_tick(nt_100ns now)
{
    nt_100ns base = base_now();
    nt_100ns tick = now <= base ? base : base + units_round_down(now - base, step_now());

    recent_set(tick);
    return tick;
}

nt_100ns ke_clock_tick_now(void)
{
    nt_100ns now = ke_interrupt_time_precise(), tick = __atomic_load_n(&clk.recent, __ATOMIC_RELAXED);

    return now - tick < step_now() ? tick : find_tick(now);
}

/* Time does not go back. Where processors step at once, recent and recent_end may be of two ticks: not to be called there. */
bool ke_clock_tick_known(nt_100ns *tick)
{
    *tick = __atomic_load_n(&clk.recent, __ATOMIC_RELAXED);
    return mach_now() < __atomic_load_n(&clk.recent_end, __ATOMIC_RELAXED);
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
    return ke_interrupt_time_seen() / ke_clock_tick_max();
}

/* Finest of what drivers ask for and of what high-resolution timers need; exact stays exact. */
static uint32_t step_wanted_locked(void)
{
    uint32_t want = ke.cfg.tick_100ns;

    if (want && __atomic_load_n(&ke.high_resolution, __ATOMIC_RELAXED) && ke.cfg.tick_min_100ns < want)
        want = ke.cfg.tick_min_100ns;
    if (want && clk.requests && clk.wanted < want)
        want = clk.wanted;
    return want;
}

/*
 * The finest tick while anybody wants it, else the default one (EXT-108, EXT-109, CLK-023 .. CLK-027). Who wants it is
 * looked at under the lock: of two processors that change their minds at once, the later one decides for both. IRQL >= 2.
 */
void ke_clock_resolution_changed(void)
{
    mach_lock(&clk.lock);
    uint32_t want = step_wanted_locked();
    bool     changes = want != step_now();

    if (changes) {
        nt_100ns tick = ke_clock_tick_now();

        recent_set(tick);
        __atomic_store_n(&clk.base, tick, __ATOMIC_RELEASE);
        step_set(want);
    }
    mach_unlock(&clk.lock);
    if (changes)
        ke_timer_rearm_all();
}

void ke_clock_range(ULONG *longest_100ns, ULONG *shortest_100ns)
{
    uint32_t fine = ke.cfg.tick_min_100ns;

    *longest_100ns = ke_clock_tick_max();
    *shortest_100ns = fine && fine < ke_clock_tick_max() ? fine : ke_clock_tick_max();
}

/* ---- requests of drivers ---- */

static uint32_t supported(uint32_t wanted)
{
    ULONG longest, shortest;

    ke_clock_range(&longest, &shortest);
    return wanted < shortest ? shortest : wanted;
}

static void add_locked(uint32_t wanted)
{
    if (clk.requests++ == 0 || wanted < clk.wanted)
        clk.wanted = wanted;
}

static void log_locked(const void *caller, int delta)
{
    if (clk.logged == REQUESTS_LOGGED)
        return;
    clk.log[clk.logged].caller = caller;
    clk.log[clk.logged++].delta = delta;
}

void ke_power_requests(int delta)
{
    unsigned old = ke_raise_to(DISPATCH_LEVEL);

    mach_lock(&power.lock);
    if (!__atomic_load_n(&power.ready, __ATOMIC_RELAXED))
        ke_event_init(&power.free, NotificationEvent, true);
    __atomic_store_n(&power.ready, true, __ATOMIC_RELEASE);
    power.requests += (unsigned)delta;
    if (power.requests == 0)
        ke_event_set(&power.free, 0);
    else
        ke_event_reset(&power.free);
    mach_unlock(&power.lock);
    mach_irql_lower(old);
}

/* The finest stays in force until the last request is withdrawn (CLK-027). */
bool ke_clock_request(bool set, uint32_t wanted_100ns, const void *caller)
{
    if (__atomic_load_n(&power.ready, __ATOMIC_ACQUIRE))
        ke_wait_one(&power.free, NULL);
    unsigned old = ke_raise_to(DISPATCH_LEVEL);
    uint32_t wanted = supported(wanted_100ns);

    mach_lock(&clk.lock);
    bool ok = set || clk.requests > 0;

    if (set)
        add_locked(wanted);
    else if (ok)
        clk.requests--;
    log_locked(caller, set ? 1 : -1);
    mach_unlock(&clk.lock);
    ke_clock_resolution_changed();
    mach_irql_lower(old);
    return ok;
}

int ke_clock_requests_of(const void *start, const void *end)
{
    unsigned old = ke_raise_to(DISPATCH_LEVEL);
    int      sum = 0;

    mach_lock(&clk.lock);
    for (unsigned i = 0; i < clk.logged; i++)
        if ((uintptr_t)clk.log[i].caller >= (uintptr_t)start && (uintptr_t)clk.log[i].caller < (uintptr_t)end)
            sum += clk.log[i].delta;
    mach_unlock(&clk.lock);
    mach_irql_lower(old);
    return sum;
}

/* ---- what a driver sees ---- */

/*
 * Processor 0 owns the clock: while it is at CLOCK_LEVEL or above, ticks wait (CLK-015). Only its own code can tell, for it
 * keeps the interrupt away; so its reading is what stands still, from the first one at that level on.
 */
nt_100ns ke_interrupt_time_seen(void)
{
    struct ke_cpu *c = &ke.cpu[0];

    if (mach_irql() < CLOCK_LEVEL || mach_cpu() != 0)
        return ke_clock_tick_now();
    if (!c->clock_held) {
        c->clock_held = true;
        c->clock_held_at = ke_clock_tick_now();
        __atomic_store_n(&ke_time_counts, true, __ATOMIC_RELAXED);
    }
    return c->clock_held_at;
}

nt_100ns ke_zone_bias(void)
{
    return __atomic_load_n(&clk.zone, __ATOMIC_RELAXED);
}

void ke_zone_bias_set(nt_100ns bias)
{
    __atomic_store_n(&clk.zone, bias, __ATOMIC_RELAXED);
}
