/* SPDX-License-Identifier: MIT */
/*
 * sp/timeout.c - requests that do not come back, and the ladder that is climbed to get them.
 *
 * Time is counted in ticks of a second, as the real port does, and only while requests are with the miniport: a request that
 * has seen more ticks than its TimeOutValue is late, so it is never late too early (STQ-060 to STQ-063), and a search that
 * lets the clock run while processors are busy must do so once for each second. Ticks do not count while the link is down
 * (STN-054) or while a request that BuildIo has prepared waits for StartIo, nor, on the simulated machine, while a routine of the
 * miniport is being called: a search may let hours pass between two of its statements, which no processor ever does.
 *
 * Recovery of one unit at a time:
 *
 *     late --> LUN reset --> target reset --> HwStorResetBus --> lost
 *
 * Each step ends well when all that was late has come back, by whatever way (STQ-066); a tick after the step's own end what
 * is still missing makes the next step (STQ-067). Meanwhile the unit's queue lets nothing through but the resets (STQ-065). At
 * the end of the ladder a request is lost: a finding. It is never completed for the miniport, which may still use its memory
 * (STQ-068).
 */
#include "sp/priv.h"

enum { RESET_TIMEOUT_S = 10 };

/* ---- ticks; lock held ---- */

static void arm_locked(struct sp_watch *w)
{
    struct ke_timer_set set = {.due = -(int64_t)NT_100NS_PER_S, .dpc = &w->dpc};

    w->ticking = true;
    ke_timer_set(&w->timer, &set);
}

void sp_watch_issued_locked(struct sp_request *r)
{
    struct sp_watch *w = &r->a->watch;

    if (!r->retries || !r->a->cfg.retries_count) /* STQ-049 */
        r->ticks = 0;
    r->timed_out = false;
    if (!w->ticking && w->ready)
        arm_locked(w);
}

static ULONG limit_of(const struct sp_request *r)
{
    return r->timeout_s ? r->timeout_s : r->a->knobs.io_timeout_s;
}

static void count_unit(struct sp_lun *u, bool counts)
{
    for (struct list *l = u->active.next; l != &u->active; l = l->next) {
        struct sp_request *r = container_of(l, struct sp_request, active);

        if (!counts)
            r->ticks = 0;
        else if (r->state == SP_REQUEST_DRIVER || r->state == SP_REQUEST_STARTING)
            r->timed_out = ++r->ticks > limit_of(r);
    }
}

static struct sp_request *late_in(const struct sp_lun *u)
{
    for (const struct list *l = u->active.next; l != &u->active; l = l->next) {
        struct sp_request *r = container_of(l, struct sp_request, active);

        if (r->timed_out && r->state != SP_REQUEST_DONE)
            return r;
    }
    return NULL;
}

static struct sp_lun *late_unit(struct sp_adapter *a)
{
    for (struct list *l = a->units.next; l != &a->units; l = l->next) {
        struct sp_lun *u = container_of(l, struct sp_lun, link);

        if (late_in(u))
            return u;
    }
    return NULL;
}

/* ---- the ladder ---- */

/* Units that the step concerns; lock held. */
static void set_recovery(struct sp_adapter *a, const struct sp_lun *u, enum sp_tier tier, bool closed)
{
    for (struct list *l = a->units.next; l != &a->units; l = l->next) {
        struct sp_lun *v = container_of(l, struct sp_lun, link);
        bool           same = v == u || (tier >= SP_TIER_TARGET && v->path == u->path && v->target == u->target);

        if (closed && same)
            sp_gate_close_locked(a, v, SP_GATE_RECOVERY);
        else if (!closed)
            sp_gate_open_locked(a, v, SP_GATE_RECOVERY);
    }
}

static void end_locked(struct sp_adapter *a)
{
    struct sp_watch *w = &a->watch;

    set_recovery(a, w->recovering, w->tier, false);
    w->recovering = NULL;
    w->tier = SP_TIER_NONE;
}

static void reset_done(struct sp_request *r)
{
    struct sp_adapter *a = r->a;
    struct sp_watch   *w = &a->watch;
    unsigned           old = sp_lock(a);
    bool               current = r == w->reset;
    bool               over = current && w->recovering && !late_in(w->recovering);

    if (current)
        w->reset = NULL;
    if (over)
        end_locked(a);
    sp_unlock(a, old);
    ex_pool_free(r, 0, NULL);
    if (over)
        sp_kick(a);
}

/* IRQL 2. A reset for which there is no memory fails at once. */
static void send_reset(struct sp_adapter *a, struct sp_lun *u, UCHAR function)
{
    struct sp_request *r = ex_pool_alloc(EX_POOL_NX | EX_POOL_ZERO | EX_POOL_NO_FAULT, sizeof *r, SP_TAG, NULL);

    if (!r)
        return;
    r->function = function;
    r->path = u->path;
    r->target = u->target;
    r->lun = u->lun;
    r->timeout_s = RESET_TIMEOUT_S;
    r->flags = SRB_FLAGS_NO_QUEUE_FREEZE;
    r->bypasses = true;
    r->done = reset_done;
    unsigned old = sp_lock(a);

    a->watch.reset = r;
    sp_unlock(a, old);
    sp_submit(a, r);
}

static void report_lost(struct sp_adapter *a, struct sp_lun *u)
{
    unsigned                 old = sp_lock(a);
    const struct sp_request *r = late_in(u);
    const struct sp_slot    *s = r ? r->slot : NULL;
    unsigned                 function = r ? r->function : 0;

    sp_unlock(a, old);
    if (s)
        sp_stop("DT-S10", s->srb, NULL,
            "the request (function 0x%02x) of unit %u:%u:%u was not completed: it timed out, and no reset brought it "
            "back",
            function, (unsigned)u->path, (unsigned)u->target, (unsigned)u->lun);
}

static void take_step(struct sp_adapter *a, struct sp_lun *u, enum sp_tier tier)
{
    switch (tier) {
    case SP_TIER_NONE:
        break;
    case SP_TIER_UNIT:
        send_reset(a, u, SRB_FUNCTION_RESET_LOGICAL_UNIT);
        break;
    case SP_TIER_TARGET:
        send_reset(a, u, SRB_FUNCTION_RESET_DEVICE);
        break;
    case SP_TIER_BUS:
        sp_reset_bus(a, u->path);
        break;
    case SP_TIER_LOST:
        report_lost(a, u);
        break;
    }
}

/* Which step is to be taken now; lock held. */
static enum sp_tier next_step(struct sp_adapter *a)
{
    struct sp_watch *w = &a->watch;

    if (!w->recovering) {
        w->recovering = late_unit(a);
        if (!w->recovering)
            return SP_TIER_NONE;
    } else if (!late_in(w->recovering)) {
        if (!w->reset)
            end_locked(a);
        return SP_TIER_NONE;
    } else if (w->tier == SP_TIER_LOST || (w->reset && !w->reset->timed_out)) {
        return SP_TIER_NONE;
    }
    /* A reset that is late itself ends some time. No reset brings back a request of the adapter's own. */
    w->reset = NULL;
    w->tier = w->recovering->hidden ? SP_TIER_LOST : w->tier + 1;
    set_recovery(a, w->recovering, w->tier, true);
    return w->tier;
}

static bool link_stops_time(const struct sp_adapter *a)
{
    return a->gates & SP_GATE_LINK_DOWN && !a->cfg.link_down_counts;
}

/* A second passed while a routine of the miniport was paused: that is the search's doing. */
static bool search_stops_time(struct sp_adapter *a)
{
    return mach_is_simulated() && __atomic_load_n(&a->callbacks, __ATOMIC_RELAXED) > 0;
}

static void tick(PKDPC dpc, PVOID context, PVOID arg1, PVOID arg2)
{
    struct sp_adapter *a = context;
    struct sp_watch   *w = &a->watch;
    unsigned           old = sp_lock(a);

    (void)dpc;
    (void)arg1;
    (void)arg2;
    bool counts = !search_stops_time(a);

    w->ticking = false;
    for (struct list *l = a->units.next; counts && l != &a->units; l = l->next)
        count_unit(container_of(l, struct sp_lun, link), !link_stops_time(a));
    enum sp_tier   before = w->tier, step = w->ready && counts ? next_step(a) : SP_TIER_NONE;
    struct sp_lun *u = w->recovering;

    if (w->ready && (a->outstanding || u))
        arm_locked(w);
    sp_unlock(a, old);
    take_step(a, u, step);
    if (before != SP_TIER_NONE && !u)
        sp_kick(a);
}

/* ---- life ---- */

void sp_watch_init(struct sp_adapter *a)
{
    a->watch = (struct sp_watch){.a = a, .ready = !a->cfg.no_timeouts && !a->cfg.dump};
    ke_timer_init(&a->watch.timer, NotificationTimer);
    ke_dpc_init(&a->watch.dpc, tick, a, false);
}

void sp_watch_fini(struct sp_adapter *a)
{
    unsigned old = sp_lock(a);

    a->watch.ready = false;
    sp_unlock(a, old);
    ke_timer_cancel(&a->watch.timer);
    ke_dpc_remove(&a->watch.dpc);
    ke_dpc_wait_until_idle(&a->watch.dpc);
}
