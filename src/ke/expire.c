/* SPDX-License-Identifier: MIT */
/*
 * ke/expire.c - what comes due in the clock interrupt.
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
#include "ke/timerpriv.h"

/* ---- late timers: timer_lock of their processor held ---- */

/* Ends at the head of the list. A tolerance without end is one that never wakes the processor. */
static void put_off(struct ke_cpu *c, PKTIMER t, nt_100ns due)
{
    struct ke_ex_timer *n = ke_timer_ex(t);
    struct list        *at = c->late.prev;

    n->due = due;
    n->end = units_add_sat(due, n->tolerance);
    while (at != &c->late && container_of(at, struct ke_ex_timer, late)->end > n->end)
        at = at->prev;
    list_add_head(at, &n->late);
    ke_timer_word_set(t, ke_timer_word(t) | P_LATE);
    __atomic_store_n(&c->any_late, true, __ATOMIC_RELAXED);
}

void ke_timer_no_longer_late(struct ke_cpu *c, PKTIMER t)
{
    list_del(&ke_timer_ex(t)->late);
    ke_timer_word_set(t, ke_timer_word(t) & ~(unsigned)P_LATE);
    __atomic_store_n(&c->any_late, !list_empty(&c->late), __ATOMIC_RELAXED);
}

void ke_timer_late_ones(struct ke_cpu *c)
{
    __atomic_store_n(&c->woken, true, __ATOMIC_RELAXED);
    mach_line_raise((unsigned)(c - ke.cpu), MACH_LINE_CLOCK);
}

/* ---- expiry ---- */

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
    uint64_t period = ke_timer_period(t);
    PKDPC    dpc = t->Dpc;
    unsigned word = ke_timer_word(t);

    if (period) {
        ke_timer_word_set(t, word & ~(unsigned)P_ABSOLUTE);
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
        __atomic_add_fetch(&ke_timer_ex(t)->owed, 1, __ATOMIC_RELEASE);
    ke_dpc_queue_from_timer(dpc, t);
}

/* Ends: what expires leaves the list. One whose tolerance is over wakes the processor, and that is good for all. */
static void expire_late(struct ke_cpu *c, nt_100ns tick, bool awake)
{
    struct ke_ex_timer *n;

    while ((n = ke_timer_first_late(c)) && (awake || n->end <= tick)) {
        ke_timer_no_longer_late(c, &n->timer);
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
        *due = ke_timer_interrupt_time(t->DueTime.QuadPart);
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
    if (__atomic_load_n(&c->woken, __ATOMIC_RELAXED))
        awake |= __atomic_exchange_n(&c->woken, false, __ATOMIC_RELAXED);
    while ((t = take_due(c, tick, &due))) {
        if (ke_timer_word(t) & P_NO_WAKE) {
            put_off(c, t, due);
            continue;
        }
        expire(c, t, due, tick);
        awake = true;
    }
    expire_late(c, tick, awake);
    ke_timer_arm(c);
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
