/* SPDX-License-Identifier: MIT */
/*
 * ke/timer.c - KTIMER: set and cancel, and the clock compare.
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
 * What happens when one comes due is in expire.c.
 */
#include "ke/timerpriv.h"

#define SELDOM __attribute__((noinline)) /* keeps its registers out of the common path */

_Static_assert(sizeof(KTIMER) == 64, "a KTIMER has NT's size");

void ke_timer_boot(void)
{
    for_each_cpu(c) {
        mach_local_set((unsigned)(c - ke.cpu), c);
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

static struct ke_cpu *owner(const KTIMER *t)
{
    return &ke.cpu[ke_timer_word(t) & P_CPU];
}

static struct ke_timerq *queue_of(const KTIMER *t)
{
    struct ke_cpu *c = owner(t);

    return ke_timer_word(t) & P_ABSOLUTE ? &c->absolute : &c->relative;
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

static nt_100ns earlier(nt_100ns a, nt_100ns b)
{
    return a < b ? a : b;
}

static nt_100ns next_due(struct ke_cpu *c)
{
    nt_100ns                  due = ke_timerq_next(&c->relative);
    const struct ke_ex_timer *late = ke_timer_first_late(c);

    due = earlier(due, c->dpc_tick);
    if (late)
        due = earlier(due, late->end);
    if (ke_timerq_count(&c->absolute))
        due = earlier(due, ke_timer_interrupt_time(ke_timerq_next(&c->absolute)));
    return due;
}

SELDOM void ke_timer_arm(struct ke_cpu *c)
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

static SELDOM void arm_earlier(struct ke_cpu *c, nt_100ns due)
{
    c->armed = due;
    mach_clock_arm((unsigned)(c - ke.cpu), ns_from_nt(ke_clock_tick_at_or_after(due)));
}

static inline void arm_changed(struct ke_cpu *c, nt_100ns set_due)
{
    if (ke_timerq_count(&c->relative) + ke_timerq_count(&c->absolute) <= EXACT_MAX)
        ke_timer_arm(c);
    else if (set_due < c->armed)
        arm_earlier(c, set_due);
}

void ke_timer_rearm_all(void)
{
    unsigned old = ke_raise_to(DISPATCH_LEVEL);

    for_each_cpu(c) {
        mach_lock(&c->timer_lock);
        if (ke_timerq_count(&c->absolute))
            ke_timerq_rebase(&c->absolute, ke_system_time());
        c->armed = NT_NEVER; /* the same due time may now mean another tick */
        ke_timer_arm(c);
        mach_unlock(&c->timer_lock);
    }
    mach_irql_lower(old);
}

/* ---- the calls ---- */

static bool is_in(const struct ke_timerq *q, const KTIMER *t)
{
    struct ke_timerq_iter it;
    PKTIMER               at;

    ke_timerq_iter_init(&it, q);
    do
        at = ke_timerq_iter_next(&it);
    while (at && at != t);
    return at != NULL;
}

/*
 * Faithful mode (KTM-008). Windows leaves a timer that is set in its queue, with its DPC: it comes due all the same. The memory may
 * hold anything, so its word is not taken: the queues are searched. False: the timer is in none.
 */
static SELDOM bool init_queued(PKTIMER t, TIMER_TYPE type)
{
    unsigned old = ke_raise_to(DISPATCH_LEVEL);
    bool     found = false;

    for_each_cpu(c) {
        mach_lock(&c->timer_lock);
        if (is_in(&c->relative, t) || is_in(&c->absolute, t)) {
            found = true;
            t->Header.Type = (UCHAR)(TimerNotificationObject + (unsigned)type);
            t->Header.SignalState = 0;
            InitializeListHead(&t->Header.WaitListHead);
            t->Period = 0;
        }
        mach_unlock(&c->timer_lock);
    }
    mach_irql_lower(old);
    return found;
}

void ke_timer_init(PKTIMER t, TIMER_TYPE type)
{
    if (finding_faithful && ke_timer_inserted(t) && init_queued(t, type))
        return;
    ke_header_init(&t->Header, TimerNotificationObject + (unsigned)type, sizeof *t, 0);
    t->DueTime.QuadPart = 0;
    t->Dpc = NULL;
    t->Processor = (USHORT)mach_cpu();
    t->Period = 0;
    ev(EV_TIMER_INIT, t, 0, type, 0);
}

static SELDOM _Noreturn void no_timer(const KTIMER *t, unsigned type)
{
    uint64_t p[4] = {0, (uintptr_t)t, (uintptr_t)t, (uintptr_t)(t + 1)};

    ke_bugcheckf("DT-T01", 0xC7, p, "a timer call is given an object of type %u that is no initialized KTIMER", type);
}

static inline void check_is_timer(const KTIMER *t)
{
    unsigned type = t->Header.Type;

    if (__builtin_expect(!ke_is_timer(type), 0))
        no_timer(t, type);
}

/* Coalescing: a later point of the window that others are likely to have chosen too. */
static nt_100ns coalesce(nt_100ns due, uint64_t tolerance)
{
    static const nt_100ns grid[] = {
        1000 * NT_100NS_PER_MS, 250 * NT_100NS_PER_MS, 100 * NT_100NS_PER_MS, 50 * NT_100NS_PER_MS, 1};
    const nt_100ns *each = grid, limit = units_add_sat(due, tolerance);

    if (!tolerance)
        return due;
    while (units_round_up(due, *each) > limit) /* ends: every due time is a multiple of 1 */
        each++;
    return units_round_up(due, *each);
}

/* No sum overflows: interrupt time is below 2^64 / 100, the magnitude of a due time at most 2^63. */
static inline nt_100ns after(nt_100ns now, int64_t relative)
{
    return now + (0 - (uint64_t)relative);
}

/* The key in the queue that the flags name. */
static nt_100ns key_of(const struct ke_timer_set *set, USHORT *flags)
{
    if (set->due >= 0) {
        *flags |= P_ABSOLUTE;
        return (nt_100ns)set->due;
    }
    nt_100ns from = *flags & P_FINE ? ke_interrupt_time_precise() : ke_interrupt_time();
    nt_100ns due = after(from, set->due);

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
    if (ke_timer_word(t) & P_LATE)
        ke_timer_no_longer_late(c, t);
    else
        ke_timerq_cancel(queue_of(t), t);
}

/* Both locks held: take it out of where it is, put it into my queue. */
static bool move_locked(PKTIMER t, struct ke_cpu *was, struct ke_cpu *mine, USHORT flags, nt_100ns key)
{
    struct ke_timerq *to = flags & P_ABSOLUTE ? &mine->absolute : &mine->relative;
    bool              was_set = ke_timer_is_set_locked(t);

    if (was_set && (queue_of(t) != to || (ke_timer_word(t) & P_LATE)))
        take_out(was, t);
    ke_timer_word_set(t, (unsigned)(flags | (mine - ke.cpu)));
    ke_timerq_set(to, t, key); /* one that comes later may stay where it is */
    if (was != mine && was_set)
        arm_changed(was, NT_NEVER);
    return was_set;
}

/* DT-T12. A positive due time counts from 1601: one of the first ten years is a relative one that lost its sign. 0 is "at once";
 * time-outs of waits are not timers of the driver's. */
static void check_sign(PKTIMER t, int64_t due)
{
    static const int64_t ten_years = 3652ll * 24 * 3600 * NT_100NS_PER_S;
    struct finding       f = {
              .severity = FINDING_WARNING, .rule = "DT-T12", .object = t, .param = {(uintptr_t)t, (uint64_t)due}};

    if (due > 0 && due < ten_years && t != &ke_thread_current()->timer)
        finding_raisef(
            &f, "a timer is set for %lld, an absolute time soon after 1601: it expires at once", (long long)due);
}

/* Any timer, from and to anywhere. */
static SELDOM bool set_any(PKTIMER t, const struct ke_timer_set *set)
{
    check_sign(t, set->due);
    USHORT         flags = flags_of(set);
    nt_100ns       key = key_of(set, &flags);
    unsigned       old = ke_raise_to(DISPATCH_LEVEL);
    struct ke_cpu *mine = ke_this_cpu(), *was = lock_owner_and_mine(t, mine);
    bool           was_fine = ke_timer_is_set_locked(t) && (ke_timer_word(t) & P_FINE);
    bool           was_set = move_locked(t, was, mine, flags, key);

    if (was_set)
        ev(EV_TIMER_RESET, t, 0, 0, 0);
    ke_state_set(&t->Header, 0);
    t->Dpc = set->dpc;
    t->Period = (ULONG)set->period;
    if (flags & P_NO_WAKE)
        ke_timer_ex(t)->tolerance = set->tolerance;
    ev(EV_TIMER_SET, t, key, set->flags & KE_TIMER_PERIOD_100NS ? set->period : set->period * NT_100NS_PER_MS,
        (uintptr_t)set->dpc);
    arm_changed(mine, flags & P_ABSOLUTE ? ke_timer_interrupt_time(key) : key);
    if (was != mine)
        mach_unlock(&was->timer_lock);
    mach_unlock(&mine->timer_lock);
    if (was_fine || (flags & P_FINE))
        count_fine((flags & P_FINE ? 1 : 0) - (was_fine ? 1 : 0));
    mach_irql_lower(old);
    return was_set;
}

/*
 * The ordinary timer is relative, has no flags and is this processor's already: then only one queue and one lock are
 * touched, and its Processor stays as it is. Returns NULL, with nothing locked, if it is not; at IRQL >= 2.
 */
static inline struct ke_cpu *lock_ordinary(const KTIMER *t)
{
    unsigned       cpu = mach_cpu();
    struct ke_cpu *mine = &ke.cpu[cpu];

    if (__builtin_expect(ke_timer_word(t) != cpu, 0))
        return NULL;
    mach_lock(&mine->timer_lock);
    if (__builtin_expect(ke_timer_word(t) == cpu, 1))
        return mine;
    mach_unlock(&mine->timer_lock);
    return NULL;
}

bool ke_timer_set(PKTIMER t, const struct ke_timer_set *set)
{
    check_is_timer(t);
    if (__builtin_expect(set->due >= 0 || set->flags || set->tolerance, 0))
        return set_any(t, set);
    nt_100ns       key = after(ke_interrupt_time(), set->due);
    unsigned       old = ke_raise_to(DISPATCH_LEVEL);
    struct ke_cpu *mine = lock_ordinary(t);

    if (__builtin_expect(!mine, 0)) {
        bool other_was_set = set_any(t, set);

        mach_irql_lower(old);
        return other_was_set;
    }
    bool was_set = ke_timerq_set(&mine->relative, t, key);

    if (was_set)
        ev(EV_TIMER_RESET, t, 0, 0, 0);
    ke_state_set(&t->Header, 0);
    t->Dpc = set->dpc;
    t->Period = (ULONG)set->period;
    ev(EV_TIMER_SET, t, key, set->period * NT_100NS_PER_MS, (uintptr_t)set->dpc);
    arm_changed(mine, key);
    mach_unlock(&mine->timer_lock);
    mach_irql_lower(old);
    return was_set;
}

/* IRQL >= 2. */
static SELDOM bool cancel_any(PKTIMER t)
{
    struct ke_cpu *c = lock_owner(t);
    bool           was_set = ke_timer_is_set_locked(t);
    bool           fine = was_set && (ke_timer_word(t) & P_FINE);

    if (was_set) {
        take_out(c, t);
        arm_changed(c, NT_NEVER);
    }
    ev(EV_TIMER_CANCEL, t, was_set, 0, 0);
    mach_unlock(&c->timer_lock);
    if (fine)
        count_fine(-1);
    return was_set;
}

bool ke_timer_cancel(PKTIMER t)
{
    check_is_timer(t);
    unsigned       old = ke_raise_to(DISPATCH_LEVEL);
    struct ke_cpu *mine = lock_ordinary(t);
    bool           was_set;

    if (__builtin_expect(mine != NULL, 1)) {
        was_set = ke_timerq_cancel(&mine->relative, t);
        if (was_set)
            arm_changed(mine, NT_NEVER);
        ev(EV_TIMER_CANCEL, t, was_set, 0, 0);
        mach_unlock(&mine->timer_lock);
    } else {
        was_set = cancel_any(t);
    }
    mach_irql_lower(old);
    return was_set;
}

/* ---- short ways ---- */

/* Type, and whether it is set, in one look at the first word of a KTIMER. */
enum {
    KIND_MASK = KE_TIMERQ_INSERTED << 24 | 0xFE,
    KIND_NOT_SET = TimerNotificationObject,
    KIND_SET = KE_TIMERQ_INSERTED << 24 | TimerNotificationObject
};
_Static_assert(TimerSynchronizationObject == TimerNotificationObject + 1 && TimerNotificationObject % 2 == 0,
    "they differ in the bit that is not in KIND_MASK");

static inline uint32_t kind_of(const KTIMER *t)
{
    return (uint32_t)t->Header.LockNV & KIND_MASK;
}

/* This processor, if the timer is an ordinary one of its own and of so many that the clock compare need not be exact. */
static inline struct ke_cpu *short_way(const KTIMER *t)
{
    struct ke_cpu *mine = mach_local();

    return ke_timer_word(t) == mach_cpu() && ke_timerq_count(&mine->relative) > EXACT_MAX + 1 ? mine : NULL;
}

struct ke_cpu *ke_timer_short_way(const KTIMER *t, int64_t due, nt_100ns *key)
{
    struct ke_cpu *mine = short_way(t);
    nt_100ns       now;

    if (!mine || due >= 0 || !ke_clock_tick_known(&now))
        return NULL;
    *key = after(now, due);
    return *key >= mine->armed ? mine : NULL;
}

static inline void short_end(PKTIMER t, ULONG period_ms, PKDPC dpc, struct mach_short s)
{
    ke_state_set(&t->Header, 0);
    t->Dpc = dpc;
    t->Period = period_ms;
    mach_short_end(s);
}

bool ke_timer_start_short(struct ke_cpu *mine, PKTIMER t, nt_100ns key, ULONG period_ms, PKDPC dpc)
{
    LIST_ENTRY *list = kind_of(t) == KIND_NOT_SET ? ke_timerq_list(&mine->relative, key) : NULL;

    if (!list)
        return false;
    struct mach_short s = mach_short_begin();

    ke_timerq_append(&mine->relative, list, t, key);
    short_end(t, period_ms, dpc, s);
    return true;
}

bool ke_timer_postpone_short(struct ke_cpu *mine, PKTIMER t, nt_100ns key, ULONG period_ms, PKDPC dpc)
{
    if (kind_of(t) != KIND_SET || !ke_timerq_can_postpone(&mine->relative, t, key))
        return false;
    struct mach_short s = mach_short_begin();

    ke_timerq_postpone(&mine->relative, t, key);
    short_end(t, period_ms, dpc, s);
    return true;
}

bool ke_timer_set_short(struct ke_cpu *mine, PKTIMER t, nt_100ns key, ULONG period_ms, PKDPC dpc, bool *was_set)
{
    uint32_t kind = kind_of(t);

    *was_set = kind != KIND_NOT_SET;
    if (*was_set && kind != KIND_SET)
        return false;
    struct mach_short s = mach_short_begin();

    if (!ke_timerq_set_short(&mine->relative, t, key, *was_set)) {
        mach_short_undo(s);
        return false;
    }
    short_end(t, period_ms, dpc, s);
    return true;
}

bool ke_timer_cancel_short(PKTIMER t)
{
    struct ke_cpu *mine = short_way(t);

    if (!mine || kind_of(t) != KIND_SET)
        return false;
    struct mach_short s = mach_short_begin();

    ke_timerq_cancel_short(&mine->relative, t);
    mach_short_end(s);
    return true;
}

bool ke_timer_is_set(PKTIMER t)
{
    unsigned       old = ke_raise_to(DISPATCH_LEVEL);
    struct ke_cpu *c = lock_owner(t);
    bool           set = ke_timer_is_set_locked(t);

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
