/* SPDX-License-Identifier: MIT */
/*
 * ke/timer.c - KTIMER: set, cancel, expire.
 *
 * Where a timer is. KTIMER.Processor names the processor whose timer lock owns the timer, set or not; flags beside it say
 * which of the processor's two queues it is in. Setting moves the timer to the setting processor: under the lock of
 * the old owner if that is the same, else under both locks, taken in order of number. So two processors that set
 * one timer at once are serialised although no timer has a lock of its own.
 *
 * Two queues. Relative due times are keyed by interrupt time, absolute ones by system time, so that a change of system time
 * moves exactly the absolute ones (KTM-021, KTM-022). A periodic timer with an absolute first due time continues in the
 * relative queue (KTM-023).
 *
 * Expiry, in the clock interrupt and under the timer lock: a periodic timer goes back into the queue first, at the next
 * multiple of its period after this tick (no drift, at most one expiration per tick, no burst to catch up: EXT-053), then
 * the object is signaled and waiters are released, then the DPC is queued. All three are one step for whoever takes the
 * timer lock: a set or cancel that returns FALSE for a one-shot finds signal and DPC done, one that returns TRUE finds neither
 * (KTM-043, KTM-065).
 *
 *   processor A: KeCancelTimer              processor B: clock interrupt
 *     lock timers of B
 *     not in the queue any more -> FALSE  <-   took it off, signaled, queued the DPC, unlocked
 *     unlock                                   the DPC may not have started yet: FALSE says "it will or did run"
 *
 * No-wake timers. One that comes due is put on its processor's list of late timers, by the end of its tolerance. All of the
 * list expires when the processor is awake, or is woken by something else: another expiration, a DPC, a thread that
 * goes on there. Only the end of a tolerance wakes it for their sake (EXT-114 .. EXT-118). A late timer is still set.
 *
 * Which processor runs the DPC. A DPC without a target goes to the queue of the processor that took the expiry. If that one
 * is at DISPATCH_LEVEL or above and another one is below, the other gets it, so the routine is called promptly (KTM-049);
 * this is how two instances of one periodic timer's routine come to overlap (KTM-060, EXT-017).
 */
#include <string.h>

#include "base/rng.h"
#include "ke/priv.h"

/* Bits of KTIMER.Processor above the processor number. */
enum {
    P_CPU = 0x00FF,
    P_ABSOLUTE = 0x0100,
    P_FINE = 0x0200,
    P_NO_WAKE = 0x0400,
    P_LATE = 0x0800, /* on the processor's list of late timers, in neither queue */
    P_PERIOD_100NS = 0x1000
};

_Static_assert(sizeof(KTIMER) == 64, "a KTIMER has NT's size");

void ke_timer_boot(void)
{
    for (unsigned i = 0; i < ke.cpus; i++) {
        struct ke_cpu *c = &ke.cpu[i];

        c->timer_lock = (struct mach_lock){0};
        c->armed = NT_NEVER;
        list_init(&c->late);
        c->any_late = c->woken = false;
        if (!c->timerq_ready) {
            ke_timerq_init(&c->relative);
            ke_timerq_init(&c->absolute);
            c->timerq_ready = true;
        }
        ke_timerq_reset(&c->relative);
        ke_timerq_reset(&c->absolute);
    }
}

/* ---- ownership ---- */

static USHORT owner_word(const KTIMER *t)
{
    return __atomic_load_n(&t->Processor, __ATOMIC_RELAXED);
}

static struct ke_cpu *owner(const KTIMER *t)
{
    unsigned cpu = owner_word(t) & P_CPU;

    return &ke.cpu[cpu < ke.cpus ? cpu : 0];
}

static struct ke_timerq *queue_of(const KTIMER *t)
{
    struct ke_cpu *c = owner(t);

    return owner_word(t) & P_ABSOLUTE ? &c->absolute : &c->relative;
}

/* The owner's lock held. */
static void owner_word_set(PKTIMER t, unsigned word)
{
    __atomic_store_n(&t->Processor, (USHORT)word, __ATOMIC_RELAXED);
}

static struct ke_ex_timer *ex_of(PKTIMER t)
{
    return CONTAINING_RECORD(t, struct ke_ex_timer, timer);
}

static bool is_set(const KTIMER *t)
{
    return ke_timer_inserted(t) || (owner_word(t) & P_LATE);
}

/* Locks the owner's timers; IRQL >= 2. */
static struct ke_cpu *lock_owner(const KTIMER *t)
{
    for (;;) {
        struct ke_cpu *c = owner(t);

        mach_lock(&c->timer_lock);
        if (owner(t) == c)
            return c;
        mach_unlock(&c->timer_lock);
    }
}

/* Locks the owner's and this processor's timers (one lock when they are the same). */
static struct ke_cpu *lock_owner_and_mine(const KTIMER *t, struct ke_cpu *mine)
{
    for (;;) {
        struct ke_cpu *c = owner(t);

        if (c < mine)
            mach_lock(&c->timer_lock);
        mach_lock(&mine->timer_lock);
        if (c > mine)
            mach_lock(&c->timer_lock);
        if (owner(t) == c)
            return c;
        mach_unlock(&mine->timer_lock);
        if (c != mine)
            mach_unlock(&c->timer_lock);
    }
}

/* ---- clock compare ---- */

static nt_100ns interrupt_time_of(nt_100ns system_time)
{
    return units_sub_floor0(system_time, ke_system_offset());
}

static struct ke_ex_timer *first_late(const struct ke_cpu *c)
{
    return list_empty(&c->late) ? NULL : container_of(c->late.next, struct ke_ex_timer, late);
}

static nt_100ns earlier(nt_100ns a, nt_100ns b)
{
    return a < b ? a : b;
}

static nt_100ns next_due(struct ke_cpu *c)
{
    nt_100ns                  due = ke_timerq_next(&c->relative);
    const struct ke_ex_timer *late = first_late(c);

    due = earlier(due, c->dpc_tick);
    if (late)
        due = earlier(due, late->end);
    if (ke_timerq_count(&c->absolute))
        due = earlier(due, interrupt_time_of(ke_timerq_next(&c->absolute)));
    return due;
}

/* timer_lock held. Exactly the next due time. */
static void arm(struct ke_cpu *c)
{
    nt_100ns due = next_due(c);

    if (due == c->armed)
        return;
    c->armed = due;
    mach_clock_arm((unsigned)(c - ke.cpu), due == NT_NEVER ? MACH_NEVER : ns_from_nt(ke_clock_tick_at_or_after(due)));
}

/*
 * After a set or cancel. With many timers in the queue, finding the next one exactly at each call would cost more than a
 * useless wake-up now and then: so the compare only ever moves forward in time when it has gone off, and back at once when
 * an earlier timer is set. With few timers it is exact, so that no schedule has a clock interrupt that nobody asked for.
 */
enum { EXACT_MAX = 16 };

static void arm_changed(struct ke_cpu *c, nt_100ns set_due)
{
    if (ke_timerq_count(&c->relative) + ke_timerq_count(&c->absolute) <= EXACT_MAX)
        arm(c);
    else if (set_due < c->armed) {
        c->armed = set_due;
        mach_clock_arm((unsigned)(c - ke.cpu), ns_from_nt(ke_clock_tick_at_or_after(set_due)));
    }
}

void ke_timer_rearm_all(void)
{
    unsigned old = ke_raise_to(DISPATCH_LEVEL);

    for (unsigned i = 0; i < ke.cpus; i++) {
        struct ke_cpu *c = &ke.cpu[i];

        mach_lock(&c->timer_lock);
        if (ke_timerq_count(&c->absolute))
            ke_timerq_rebase(&c->absolute, ke_system_time());
        c->armed = NT_NEVER - 1; /* the same due time may now mean another tick */
        arm(c);
        mach_unlock(&c->timer_lock);
    }
    mach_irql_lower(old);
}

/* ---- late timers: timer_lock of their processor held ---- */

/* Ends at the head of the list. A tolerance without end is one that never wakes the processor. */
static void put_off(struct ke_cpu *c, PKTIMER t, nt_100ns due)
{
    struct ke_ex_timer *n = ex_of(t);
    struct list        *at = c->late.prev;

    n->due = due;
    n->end = units_add_sat(due, n->tolerance);
    while (at != &c->late && container_of(at, struct ke_ex_timer, late)->end > n->end)
        at = at->prev;
    list_add_head(at, &n->late);
    owner_word_set(t, owner_word(t) | P_LATE);
    __atomic_store_n(&c->any_late, true, __ATOMIC_RELAXED);
}

static void no_longer_late(struct ke_cpu *c, PKTIMER t)
{
    list_del(&ex_of(t)->late);
    owner_word_set(t, owner_word(t) & ~(unsigned)P_LATE);
    __atomic_store_n(&c->any_late, !list_empty(&c->late), __ATOMIC_RELAXED);
}

void ke_timer_late_ones(struct ke_cpu *c)
{
    __atomic_store_n(&c->woken, true, __ATOMIC_RELAXED);
    mach_line_raise((unsigned)(c - ke.cpu), MACH_LINE_CLOCK);
}

/* ---- the calls ---- */

void ke_timer_init(PKTIMER t, TIMER_TYPE type)
{
    bool was_set = ev_wanted(EV_TIMER_INIT) && ke_timer_inserted(t);

    ke_header_init(&t->Header, TimerNotificationObject + (unsigned)type, sizeof *t, 0);
    t->Header.TimerControlFlags = 0;
    t->Header.TimerMiscFlags = 0;
    t->DueTime.QuadPart = 0;
    t->TimerListEntry.Flink = t->TimerListEntry.Blink = NULL;
    t->Dpc = NULL;
    t->Processor = (USHORT)mach_cpu();
    t->TimerType = 0;
    t->Period = 0;
    ev(EV_TIMER_INIT, t, was_set, type, 0);
}

static void check_is_timer(const KTIMER *t)
{
    unsigned type = t->Header.Type;

    if (ke_is_timer(type))
        return;
    uint64_t p[4] = {0, (uintptr_t)t, type};

    ke_bugcheckf("DT-T01", 0xC7, p, "a timer call is given an object of type %u that is no initialized KTIMER", type);
}

/* Coalescing: a later point of the window that others are likely to have chosen too. */
static nt_100ns coalesce(nt_100ns due, uint64_t tolerance)
{
    static const nt_100ns grid[] = {
        1000 * NT_100NS_PER_MS, 250 * NT_100NS_PER_MS, 100 * NT_100NS_PER_MS, 50 * NT_100NS_PER_MS};

    for (unsigned i = 0; tolerance && i < sizeof grid / sizeof *grid; i++) {
        nt_100ns shared = units_round_up(due, grid[i]);

        if (shared <= units_add_sat(due, tolerance))
            return shared;
    }
    return due;
}

/* The key in the queue that the flags name. */
static nt_100ns key_of(const struct ke_timer_set *set, USHORT *flags)
{
    if (set->due >= 0) {
        *flags |= P_ABSOLUTE;
        return (nt_100ns)set->due;
    }
    nt_100ns from = *flags & P_FINE ? ke_interrupt_time_precise() : ke_interrupt_time();
    nt_100ns due = units_add_sat(from, units_magnitude(set->due));

    if (due >= NT_NEVER)
        due = NT_NEVER - 1;
    return *flags & P_NO_WAKE ? due : coalesce(due, set->tolerance);
}

static void count_fine(int delta)
{
    __atomic_add_fetch(&ke.high_resolution, (uint32_t)delta, __ATOMIC_RELAXED);
    ke_clock_resolution_changed();
}

static USHORT flags_of(const struct ke_timer_set *set)
{
    USHORT flags = 0;

    if (set->flags & KE_TIMER_HIGH_RESOLUTION)
        flags |= P_FINE;
    if (set->flags & KE_TIMER_NO_WAKE)
        flags |= P_NO_WAKE;
    if (set->flags & KE_TIMER_PERIOD_100NS)
        flags |= P_PERIOD_100NS;
    return flags;
}

/* The owner's lock held: out of wherever it is. */
static void take_out(struct ke_cpu *c, PKTIMER t)
{
    if (owner_word(t) & P_LATE)
        no_longer_late(c, t);
    else
        ke_timerq_cancel(queue_of(t), t);
}

/* Both locks held: take it out of where it is, put it into my queue. */
static bool move_locked(PKTIMER t, struct ke_cpu *was, struct ke_cpu *mine, USHORT flags, nt_100ns key)
{
    struct ke_timerq *to = flags & P_ABSOLUTE ? &mine->absolute : &mine->relative;
    bool              was_set = is_set(t);

    if (was_set && (queue_of(t) != to || (owner_word(t) & P_LATE)))
        take_out(was, t);
    owner_word_set(t, (unsigned)(flags | (mine - ke.cpu)));
    ke_timerq_set(to, t, key);
    if (was != mine && was_set)
        arm_changed(was, NT_NEVER);
    return was_set;
}

bool ke_timer_set(PKTIMER t, const struct ke_timer_set *set)
{
    check_is_timer(t);
    USHORT         flags = flags_of(set);
    nt_100ns       key = key_of(set, &flags);
    unsigned       old = ke_raise_to(DISPATCH_LEVEL);
    struct ke_cpu *mine = ke_this_cpu(), *was = lock_owner_and_mine(t, mine);
    bool           was_fine = is_set(t) && (owner_word(t) & P_FINE);
    bool           was_set = move_locked(t, was, mine, flags, key);

    if (was_set)
        ev(EV_TIMER_RESET, t, 0, 0, 0);
    ke_state_set(&t->Header, 0);
    t->Dpc = set->dpc;
    t->Period = (ULONG)set->period;
    if (flags & P_NO_WAKE)
        ex_of(t)->tolerance = set->tolerance;
    ev(EV_TIMER_SET, t, key, set->flags & KE_TIMER_PERIOD_100NS ? set->period : set->period * NT_100NS_PER_MS,
        (uintptr_t)set->dpc);
    arm_changed(mine, flags & P_ABSOLUTE ? interrupt_time_of(key) : key);
    if (was != mine)
        mach_unlock(&was->timer_lock);
    mach_unlock(&mine->timer_lock);
    if (was_fine || (flags & P_FINE))
        count_fine((flags & P_FINE ? 1 : 0) - (was_fine ? 1 : 0));
    mach_irql_lower(old);
    return was_set;
}

bool ke_timer_cancel(PKTIMER t)
{
    check_is_timer(t);
    unsigned       old = ke_raise_to(DISPATCH_LEVEL);
    struct ke_cpu *c = lock_owner(t);
    bool           was_set = is_set(t);
    bool           fine = was_set && (owner_word(t) & P_FINE);

    if (was_set) {
        take_out(c, t);
        arm_changed(c, NT_NEVER);
    }
    ev(EV_TIMER_CANCEL, t, was_set, 0, 0);
    mach_unlock(&c->timer_lock);
    if (fine)
        count_fine(-1);
    mach_irql_lower(old);
    return was_set;
}

bool ke_timer_is_set(PKTIMER t)
{
    unsigned       old = ke_raise_to(DISPATCH_LEVEL);
    struct ke_cpu *c = lock_owner(t);
    bool           set = is_set(t);

    mach_unlock(&c->timer_lock);
    mach_irql_lower(old);
    return set;
}

bool ke_timer_has_waiters(PKTIMER t)
{
    unsigned old = ke_dispatcher_lock();
    bool     any = !IsListEmpty(&t->Header.WaitListHead);

    ke_dispatcher_unlock(old);
    return any;
}

void ke_timer_last_shot(PKTIMER t, PKDPC dpc)
{
    unsigned       old = ke_raise_to(DISPATCH_LEVEL);
    struct ke_cpu *c = lock_owner(t);

    t->Period = 0;
    t->Dpc = dpc;
    mach_unlock(&c->timer_lock);
    mach_irql_lower(old);
}

/* ---- expiry ---- */

static uint64_t period_of(const KTIMER *t)
{
    return owner_word(t) & P_PERIOD_100NS ? t->Period : t->Period * NT_100NS_PER_MS;
}

/* The first multiple of the period after the last due time that lies after this tick. */
static nt_100ns next_period(nt_100ns due, uint64_t period, nt_100ns tick)
{
    nt_100ns next = units_add_sat(due, period);

    if (next > tick)
        return next;
    return units_add_sat(next, ((tick - next) / period + 1) * period);
}

/*
 * timer_lock held; interrupt level. due: interrupt time it was due at. The period of an absolute timer is counted from
 * its first expiration: how long ago the due time was by the system clock means nothing to it (KTM-014, KTM-023).
 */
static void expire(struct ke_cpu *c, PKTIMER t, nt_100ns due, nt_100ns tick)
{
    uint64_t period = period_of(t);
    PKDPC    dpc = t->Dpc;
    unsigned word = owner_word(t);

    if (period) {
        owner_word_set(t, word & ~(unsigned)P_ABSOLUTE);
        ke_timerq_set(&c->relative, t, next_period(word & P_ABSOLUTE ? tick : due, period, tick));
    } else if (word & P_FINE) {
        __atomic_sub_fetch(&ke.high_resolution, 1, __ATOMIC_RELAXED);
    }
    ev(EV_TIMER_EXPIRE, t, due, tick, period != 0);
    mach_lock(&ke.dispatcher);
    ke_state_set(&t->Header, 1);
    ke_wake_waiters_locked(&t->Header, 0);
    ke_dispatcher_release();
    if (!dpc)
        return;
    if (ke_is_timer2(t->Header.Type))
        __atomic_add_fetch(&ex_of(t)->owed, 1, __ATOMIC_RELEASE);
    ke_dpc_queue_from_timer(dpc, t);
}

/* Ends: what expires leaves the list. One whose tolerance is over wakes the processor, and that is good for all. */
static void expire_late(struct ke_cpu *c, nt_100ns tick, bool awake)
{
    struct ke_ex_timer *n;

    while ((n = first_late(c)) && (awake || n->end <= tick)) {
        no_longer_late(c, &n->timer);
        expire(c, &n->timer, n->due, tick);
        awake = true;
    }
}

/* One timer that is due; NULL: none left. */
static PKTIMER take_due(struct ke_cpu *c, nt_100ns tick, nt_100ns *due)
{
    PKTIMER t = ke_timerq_take(&c->relative, tick);

    if (t) {
        *due = t->DueTime.QuadPart;
        return t;
    }
    if (!ke_timerq_count(&c->absolute))
        return NULL;
    t = ke_timerq_take(&c->absolute, tick + ke_system_offset());
    if (t)
        *due = interrupt_time_of(t->DueTime.QuadPart);
    return t;
}

void ke_timer_interrupt(void)
{
    struct ke_cpu *c = ke_this_cpu();
    nt_100ns       tick = ke_clock_tick_now(), due;
    uint32_t       fine = __atomic_load_n(&ke.high_resolution, __ATOMIC_RELAXED);
    bool           awake = !mach_idle();
    PKTIMER        t;

    mach_lock(&c->timer_lock);
    c->armed = NT_NEVER;
    if (c->dpc_tick <= tick)
        c->dpc_tick = NT_NEVER;
    awake |= __atomic_exchange_n(&c->woken, false, __ATOMIC_RELAXED);
    while ((t = take_due(c, tick, &due))) {
        if (owner_word(t) & P_NO_WAKE) {
            put_off(c, t, due);
            continue;
        }
        expire(c, t, due, tick);
        awake = true;
    }
    expire_late(c, tick, awake);
    arm(c);
    mach_unlock(&c->timer_lock);
    ev(EV_CLOCK, NULL, mach_cpu(), tick, 0);
    ke_dpc_kick_deferred();
    if (fine != __atomic_load_n(&ke.high_resolution, __ATOMIC_RELAXED))
        ke_clock_resolution_changed();
}

void ke_arm_tick(unsigned cpu)
{
    struct ke_cpu *c = &ke.cpu[cpu];
    nt_100ns       later = ke_clock_tick() ? 1 : KE_TICK_MIN; /* an exact clock has no tick to wait for */
    nt_100ns       tick = ke_clock_tick_at_or_after(ke_interrupt_time_precise() + later);

    mach_lock(&c->timer_lock);
    c->dpc_tick = tick;
    if (c->armed == NT_NEVER || tick < ke_clock_tick_at_or_after(c->armed)) {
        c->armed = tick;
        mach_clock_arm(cpu, ns_from_nt(tick));
    }
    mach_unlock(&c->timer_lock);
}

/* ---- listing ---- */

static bool each_late(struct ke_cpu *c, unsigned cpu, bool (*fn)(void *, const struct ke_timer_info *), void *ctx)
{
    list_for_each_safe(pos, next, &c->late) {
        struct ke_ex_timer  *n = container_of(pos, struct ke_ex_timer, late);
        struct ke_timer_info info = {
            .timer = &n->timer, .cpu = cpu, .dpc = n->timer.Dpc, .period_100ns = period_of(&n->timer), .due = n->due};

        if (!fn(ctx, &info))
            return false;
    }
    return true;
}

static bool each_in(
    struct ke_timerq *q, unsigned cpu, bool absolute, bool (*fn)(void *, const struct ke_timer_info *), void *ctx)
{
    struct ke_timerq_iter it;
    PKTIMER               t;

    ke_timerq_iter_init(&it, q);
    while ((t = ke_timerq_iter_next(&it))) {
        struct ke_timer_info info = {.timer = t,
            .cpu = cpu,
            .dpc = t->Dpc,
            .period_100ns = period_of(t),
            .due = absolute ? interrupt_time_of(t->DueTime.QuadPart) : t->DueTime.QuadPart};

        if (!fn(ctx, &info))
            return false;
    }
    return true;
}

void ke_timer_each(bool (*fn)(void *ctx, const struct ke_timer_info *info), void *ctx)
{
    for (unsigned i = 0; i < ke.cpus; i++)
        if (!each_in(&ke.cpu[i].relative, i, false, fn, ctx) || !each_in(&ke.cpu[i].absolute, i, true, fn, ctx) ||
            !each_late(&ke.cpu[i], i, fn, ctx))
            return;
}
