/* SPDX-License-Identifier: MIT */
/*
 * sp/dispatch.c - from a client's request to HwStorStartIo.
 *
 * A request waits in its unit's queue, first in, first out. Dispatching has two stages, and each looks at the gates:
 *
 *     queue --(gates, depth)--> BuildIo --> built --(gates, channel)--> StartIo --> active until RequestComplete
 *
 * so that a pause between the two holds the second (STQ-029). Both are made by whoever finds something to do: the client that
 * submits, or the DPC that sp_kick() queues when a gate opens or a request is done. Nothing is dispatched inside a call that
 * the miniport makes (STM-037, STN-014, STL-078): there the DPC waits for the end of the call. Several processors may
 * dispatch for one adapter at once; what keeps their StartIo calls apart is the StartIo lock, or the number of channels.
 *
 * A request that the miniport has may be completed, and its memory gone, before BuildIo or StartIo returns. What is looked at
 * afterwards is the slot, which stays, and the number of its issue.
 */
#include "sp/priv.h"

/* ---- gates and queues; lock held ---- */

/* What has left its queue is not held by what holds queues: who drains a unit waits for it. */
static unsigned not_for_built(const struct sp_request *r)
{
    return r->state == SP_REQUEST_BUILT ? SP_GATE_POWER | SP_GATE_FROZEN | SP_GATE_LOCKED : 0;
}

static unsigned closed_gates(const struct sp_lun *u, const struct sp_request *r)
{
    unsigned closed = u->gates & ~not_for_built(r);

    if (r->flags & SRB_FLAGS_BYPASS_FROZEN_QUEUE)
        closed &= ~(unsigned)SP_GATE_FROZEN;
    if (r->flags & SRB_FLAGS_BYPASS_LOCKED_QUEUE)
        closed &= ~(unsigned)SP_GATE_LOCKED;
    if (r->bypasses) /* resets must get past what they are to cure */
        closed &= ~(unsigned)(SP_GATE_RECOVERY | SP_GATE_BUSY | SP_GATE_POWER | (r->retries ? 0 : SP_GATE_RETRY));
    return closed;
}

static struct sp_request *first_open(struct sp_lun *u, struct list *queue)
{
    for (struct list *l = queue->next; l != queue; l = l->next) {
        struct sp_request *r = container_of(l, struct sp_request, link);

        if (!closed_gates(u, r))
            return r;
        if (!(u->gates & (SP_GATE_FROZEN | SP_GATE_LOCKED | SP_GATE_RECOVERY)))
            break; /* no request is let through there before another */
    }
    return NULL;
}

static bool adapter_open(const struct sp_adapter *a, const struct sp_request *r)
{
    unsigned bypassed = r->bypasses ? SP_GATE_NOT_READY | SP_GATE_POWER | SP_GATE_BUSY : 0;

    return (a->gates & ~(bypassed | not_for_built(r))) == 0;
}

static bool has_room(const struct sp_lun *u, const struct sp_request *r)
{
    if (r->bypasses)
        return true;
    return u->outstanding < u->depth && u->a->outstanding < u->a->max_io && !sp_latency_holds_locked(u->a);
}

static bool uses_channels(const struct sp_adapter *a)
{
    return a->channels && !a->is_virtual && !a->half_duplex;
}

static bool channel_free(const struct sp_adapter *a)
{
    return !uses_channels(a) || ~a->channels_used << (64 - a->channels);
}

static void take_channel(struct sp_adapter *a, struct sp_request *r)
{
    r->channel = 0;
    if (!uses_channels(a))
        return;
    r->channel = (unsigned)__builtin_ctzll(~a->channels_used);
    __atomic_fetch_or(&a->channels_used, 1ull << r->channel, __ATOMIC_RELAXED);
}

/* From the units in turn, beginning behind the one that was served last. */
static struct sp_request *take_locked(struct sp_adapter *a, struct sp_request *(*take)(struct sp_lun *u))
{
    struct list *l = a->next_unit ? &a->next_unit->link : &a->units;

    for (unsigned n = a->n_units; n > 0; n--) {
        l = l->next == &a->units ? a->units.next : l->next;
        struct sp_lun     *u = container_of(l, struct sp_lun, link);
        struct sp_request *r = take(u);

        if (r) {
            a->next_unit = u;
            return r;
        }
    }
    return NULL;
}

static struct sp_request *take_built(struct sp_lun *u)
{
    struct sp_request *r = first_open(u, &u->built);

    if (!r || !adapter_open(u->a, r) || !channel_free(u->a))
        return NULL;
    list_del(&r->link);
    take_channel(u->a, r);
    r->state = SP_REQUEST_STARTING;
    return r;
}

static struct sp_request *take_queued(struct sp_lun *u)
{
    struct sp_request *r = first_open(u, &u->queue);

    if (!r || !adapter_open(u->a, r) || !has_room(u, r) || !sp_slot_take_locked(u->a, r))
        return NULL;
    list_del(&r->link);
    u->queued--;
    u->outstanding++;
    u->a->outstanding++;
    list_add_tail(&u->active, &r->active);
    r->state = SP_REQUEST_BUILDING;
    return r;
}

/* ---- stage one ---- */

/* The miniport owns it from here; lock not held. */
static void hand_over(struct sp_adapter *a, struct sp_request *r)
{
    unsigned old = sp_lock(a);

    r->issued_at = ke_interrupt_time_precise();
    r->slot->state = SP_SLOT_DRIVER;
    sp_watch_issued_locked(r);
    sp_unlock(a, old);
}

static bool still_driver_locked(const struct sp_slot *s, uint64_t issue)
{
    return s->issue == issue && s->state == SP_SLOT_DRIVER;
}

static void to_built_locked(struct sp_request *r)
{
    r->state = SP_REQUEST_BUILT;
    list_add_tail(&r->unit->built, &r->link);
    sp_gate_recount_locked(r->unit);
}

/* STL-067, STL-068. */
static bool call_build(struct sp_adapter *a, struct sp_request *r)
{
    struct sp_frame f = {.request = r};
    struct sp_slot *s = r->slot;

    sp_call_begin(&f, a, SP_CALL_BUILD_IO, (const void *)a->driver->hw.HwBuildIo);
    ev(EV_STOR_SRB, s->srb, EV_SRB_BUILD, (uintptr_t)a->extension, (uintptr_t)r->unit);
    bool go = a->driver->hw.HwBuildIo(a->extension, s->srb);

    sp_call_end(&f);
    return go;
}

static void build(struct sp_adapter *a, struct sp_request *r)
{
    struct sp_slot *s = r->slot;
    uint64_t        issue = s->issue;
    bool            go = true;

    sp_slot_fill(s);
    r->built = a->driver->hw.HwBuildIo && !a->is_virtual;
    if (r->built) {
        hand_over(a, r);
        go = call_build(a, r);
    }
    unsigned old = sp_lock(a);
    bool     mine = !r->built || still_driver_locked(s, issue);

    if (go && mine)
        to_built_locked(r);
    else if (mine)
        r->state = SP_REQUEST_DRIVER;
    sp_unlock(a, old);
}

/* ---- stage two ---- */

static void release_channel(struct sp_adapter *a, unsigned channel)
{
    if (!uses_channels(a))
        return;
    unsigned old = sp_lock(a);

    __atomic_fetch_and(&a->channels_used, ~(1ull << channel), __ATOMIC_RELEASE);
    sp_unlock(a, old);
}

static void call_start(struct sp_adapter *a, struct sp_request *r)
{
    struct sp_frame f = {.request = r, .channel = r->channel};
    struct sp_slot *s = r->slot;
    uint64_t        issue = s->issue;

    sp_call_begin(&f, a, SP_CALL_START_IO, (const void *)a->driver->hw.HwStartIo);
    if (!r->built)
        hand_over(a, r);
    ev(EV_STOR_SRB, s->srb, EV_SRB_START, (uintptr_t)a->extension, (uintptr_t)r->unit);
    bool     begun = a->driver->hw.HwStartIo(a->extension, s->srb);
    unsigned old = sp_lock(a);
    bool     mine = still_driver_locked(s, issue);

    if (mine && s->r->state == SP_REQUEST_STARTING)
        s->r->state = SP_REQUEST_DRIVER;
    sp_unlock(a, old);
    sp_call_end(&f);
    if (!begun && mine && !a->cfg.start_false_pending) /* STV-012 */
        sp_stop("DT-S10", s->srb, (const void *)a->driver->hw.HwStartIo,
            "HwStorStartIo returned FALSE and has not completed the request");
}

static void start(struct sp_adapter *a, struct sp_request *r)
{
    unsigned channel = r->channel;

    call_start(a, r);
    release_channel(a, channel);
}

/* ---- the loop ---- */

static bool anything_waits(const struct sp_adapter *a)
{
    for (const struct list *l = a->units.next; l != &a->units; l = l->next) {
        const struct sp_lun *u = container_of(l, struct sp_lun, link);

        if (u->queued || !list_empty(&u->built))
            return true;
    }
    return false;
}

/* One request further on; false: there is nothing that could move. */
static bool step(struct sp_adapter *a)
{
    unsigned old = sp_lock(a);

    if (!anything_waits(a)) {
        sp_unlock(a, old);
        return false;
    }
    struct sp_request *built = take_locked(a, take_built);
    struct sp_request *r = built ? built : take_locked(a, take_queued);

    sp_unlock(a, old);
    if (built)
        start(a, built);
    else if (r)
        build(a, r);
    return r != NULL;
}

/* Ends when nothing can move: everything that waits is then behind a gate whose opening kicks again. IRQL <= 2, outside all
 * calls of the miniport's. A virtual miniport's StartIo is entered at the caller's level (STL-064). */
void sp_dispatch(struct sp_adapter *a)
{
    unsigned old = mach_irql();

    if (!a->is_virtual)
        ke_raise_to(DISPATCH_LEVEL);
    do
        sp_slot_reserve(a);
    while (step(a));
    mach_irql_lower(old);
}

void sp_kick(struct sp_adapter *a)
{
    struct sp_frame *f = sp_frame_of(a);

    if (f && mach_irql() < DISPATCH_LEVEL)
        f->kick |= 1ull << mach_cpu(); /* the DPC would begin at once, on top of the miniport's call */
    else
        ke_dpc_queue(&a->cpu[mach_cpu()].dpc, NULL, NULL);
}

/* ---- clients ---- */

static void refuse(struct sp_request *r, UCHAR srb_status, NTSTATUS status)
{
    r->srb_status = srb_status;
    r->internal_status = (ULONG)status;
}

/* STI-032: with bus memory the port has a buffer of its own between. */
static bool misaligned(const struct sp_adapter *a, const struct sp_request *r)
{
    return !a->cfg.memory && (uintptr_t)r->data & a->config->AlignmentMask;
}

/* lock held; true: the request never comes to a queue, sp_finish() is to be called */
static bool refused_locked(struct sp_adapter *a, struct sp_lun *u, struct sp_request *r)
{
    bool sleeps = a->control.powered_down && !a->draining;

    if (a->state > SP_READY && !r->bypasses && !sleeps)
        refuse(r, SRB_STATUS_NO_HBA, STATUS_DEVICE_DOES_NOT_EXIST);
    else if (!u || u->gone || (a->control.gone && !r->bypasses)) /* STI-111 */
        refuse(r, SRB_STATUS_NO_DEVICE, STATUS_DEVICE_DOES_NOT_EXIST);
    else if (r->bytes > a->max_transfer)
        refuse(r, SRB_STATUS_INTERNAL_ERROR, STATUS_INVALID_PARAMETER); /* STQ-111 */
    else if (misaligned(a, r))
        refuse(r, SRB_STATUS_INTERNAL_ERROR, STATUS_DATATYPE_MISALIGNMENT);
    else
        return sp_queue_function_locked(u, r);
    return true;
}

void sp_submit(struct sp_adapter *a, struct sp_request *r)
{
    if (r->function == SRB_FUNCTION_CLAIM_DEVICE)
        sp_claim_prepare(a, r);
    unsigned       old = sp_lock(a);
    struct sp_lun *u = sp_lun_find_locked(a, r->path, r->target, r->lun);

    r->a = a;
    r->cpu = mach_cpu();
    r->retries = 0;
    r->slot = NULL;
    r->queued_at = ke_interrupt_time_precise();
    bool refused = refused_locked(a, u, r);

    if (!refused)
        sp_enqueue_locked(u, r);
    sp_unlock(a, old);
    if (refused)
        sp_finish(a, r);
    else if (sp_frame_of(a))
        sp_kick(a);
    else
        sp_dispatch(a);
}

static void wake(struct sp_request *r)
{
    ke_event_set(r->context, IO_NO_INCREMENT);
}

UCHAR sp_submit_wait(struct sp_adapter *a, struct sp_request *r)
{
    KEVENT done;

    ke_event_init(&done, NotificationEvent, false);
    r->done = wake;
    r->context = &done;
    sp_submit(a, r);
    ke_wait_one(&done, NULL);
    return SRB_STATUS(r->srb_status);
}
