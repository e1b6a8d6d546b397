/* SPDX-License-Identifier: MIT */
/*
 * sp/gate.c - gates: what holds requests back. An adapter and each of its units have a set of closed ones; a request goes on
 * when both sets are empty (dispatch.c). A miniport closes and opens them at any IRQL with any of its locks held, so opening
 * only kicks. Gates with a time-out have a timer, whose DPC opens them; a later closing begins the time anew (STQ-031).
 */
#include "sp/priv.h"

static unsigned *gates_of(struct sp_adapter *a, struct sp_lun *u)
{
    return u ? &u->gates : &a->gates;
}

static void tell(struct sp_adapter *a, struct sp_lun *u, unsigned gate, bool closed)
{
    ev(EV_STOR_ADAPTER, a->extension, EV_STOR_GATE, gate | (u ? 1u << 31 : 0), closed);
}

void sp_gate_close_locked(struct sp_adapter *a, struct sp_lun *u, unsigned gate)
{
    *gates_of(a, u) |= gate;
    tell(a, u, gate, true);
}

/* Was it closed? */
bool sp_gate_open_locked(struct sp_adapter *a, struct sp_lun *u, unsigned gate)
{
    bool was = *gates_of(a, u) & gate;

    *gates_of(a, u) &= ~gate;
    if (was)
        tell(a, u, gate, false);
    return was;
}

void sp_gate_close(struct sp_adapter *a, struct sp_lun *u, unsigned gate)
{
    unsigned old = sp_lock(a);

    sp_gate_close_locked(a, u, gate);
    sp_unlock(a, old);
}

bool sp_gate_open(struct sp_adapter *a, struct sp_lun *u, unsigned gate)
{
    unsigned old = sp_lock(a);
    bool     was = sp_gate_open_locked(a, u, gate);

    sp_unlock(a, old);
    if (was)
        sp_kick(a);
    return was;
}

/* ---- gates that open by themselves ---- */

static void time_is_up(PKDPC dpc, PVOID context, PVOID arg1, PVOID arg2)
{
    struct sp_gate_timer *t = context;
    unsigned              old = sp_lock(t->a);
    bool                  open = t->until <= ke_interrupt_time_precise();

    (void)dpc;
    (void)arg1;
    (void)arg2;
    if (open) {
        t->until = NT_NEVER;
        sp_gate_open_locked(t->a, t->unit, t->gate);
    }
    sp_unlock(t->a, old);
    if (open)
        sp_kick(t->a);
}

void sp_gate_timer_init(struct sp_gate_timer *t, struct sp_adapter *a, struct sp_lun *u, unsigned gate)
{
    *t = (struct sp_gate_timer){.a = a, .unit = u, .gate = gate, .until = NT_NEVER};
    ke_timer_init(&t->timer, NotificationTimer);
    ke_dpc_init(&t->dpc, time_is_up, t, false);
}

void sp_gate_timer_cancel(struct sp_gate_timer *t)
{
    unsigned old = sp_lock(t->a);

    t->until = NT_NEVER;
    sp_unlock(t->a, old);
    ke_timer_cancel(&t->timer);
}

/* Any IRQL: a timer may be set above DISPATCH_LEVEL, since nobody who holds the locks behind it can be interrupted. */
void sp_gate_close_for_locked(struct sp_gate_timer *t, nt_100ns duration)
{
    t->until = ke_interrupt_time_precise() + duration;
    sp_gate_close_locked(t->a, t->unit, t->gate);
    sp_ktimer_set(&t->timer, &t->dpc, t->until, 0);
}

void sp_gate_close_for(struct sp_gate_timer *t, nt_100ns duration)
{
    unsigned old = sp_lock(t->a);

    sp_gate_close_for_locked(t, duration);
    sp_unlock(t->a, old);
}

bool sp_gate_open_early(struct sp_gate_timer *t)
{
    sp_gate_timer_cancel(t);
    return sp_gate_open(t->a, t->unit, t->gate);
}

void sp_gate_timer_fini(struct sp_gate_timer *t)
{
    sp_gate_timer_cancel(t);
    ke_dpc_remove(&t->dpc);
    ke_dpc_wait_until_idle(&t->dpc);
}

/* ---- busy: until so many requests are complete ----
 *
 * What counts is what the miniport has: a request that BuildIo has prepared and that now waits for this very gate never
 * completes before the gate opens. When the miniport has none left, the gate opens whatever the count (STQ-021, STQ-022). */

static unsigned of_unit(const struct sp_lun *u)
{
    unsigned n = u->outstanding;

    for (const struct list *l = u->built.next; l != &u->built; l = l->next)
        n--;
    return n;
}

unsigned sp_with_miniport_locked(const struct sp_adapter *a, const struct sp_lun *u)
{
    unsigned n = 0;

    if (u)
        return of_unit(u);
    for (const struct list *l = a->units.next; l != &a->units; l = l->next)
        n += of_unit(container_of(l, struct sp_lun, link));
    return n;
}

void sp_gate_busy(struct sp_adapter *a, struct sp_lun *u, unsigned count)
{
    unsigned old = sp_lock(a);

    if (count && sp_with_miniport_locked(a, u)) {
        *(u ? &u->busy_count : &a->busy_count) = count;
        sp_gate_close_locked(a, u, SP_GATE_BUSY);
    }
    sp_unlock(a, old);
}

static void count_down(struct sp_adapter *a, struct sp_lun *u, unsigned completed)
{
    unsigned *count = u ? &u->busy_count : &a->busy_count;

    if (!(*gates_of(a, u) & SP_GATE_BUSY))
        return;
    *count -= completed < *count ? completed : *count;
    if (*count == 0 || sp_with_miniport_locked(a, u) == 0)
        sp_gate_open_locked(a, u, SP_GATE_BUSY);
}

/* STQ-044: after QUEUE FULL. */
static void count_full(struct sp_lun *u, unsigned completed)
{
    if (!u->full_count)
        return;
    u->full_count -= completed < u->full_count ? completed : u->full_count;
    if (u->full_count && sp_with_miniport_locked(u->a, u))
        return;
    u->full_count = 0;
    sp_gate_open_locked(u->a, u, SP_GATE_RETRY);
}

void sp_gate_count_locked(struct sp_lun *u, bool completed)
{
    count_down(u->a, u, completed);
    count_down(u->a, NULL, completed);
    count_full(u, completed);
}

void sp_gate_recount_locked(struct sp_lun *u)
{
    sp_gate_count_locked(u, false);
}
