/* SPDX-License-Identifier: MIT */
/*
 * sp/complete.c - from RequestComplete to the client.
 *
 * RequestComplete may come at any IRQL, with any lock of the adapter held, from inside any routine of the miniport. It reads
 * the SRB, poisons it, puts the request on a processor's list and leaves the rest to that processor's DPC (STN-014): the
 * retry of busy requests, the freezing of a queue, the client's own routine, and what may be dispatched now.
 */
#include "sp/priv.h"

/* ---- RequestComplete ---- */

static void check_status(const struct sp_slot *s, const void *caller)
{
    UCHAR status = sp_srb_status(s);

    if (SRB_STATUS(status) == SRB_STATUS_PENDING)
        sp_stop("DT-S11", s->srb, caller, "a request is completed with SRB_STATUS_PENDING");
    if (status & SRB_STATUS_QUEUE_FROZEN) /* STQ-101 */
        sp_stop("DT-S11", s->srb, caller,
            "a request is completed with SRB_STATUS_QUEUE_FROZEN, which is the port's to set");
}

/* STN-011, STN-016. lock held; does not return. */
static void not_the_drivers(
    struct sp_adapter *a, const struct sp_slot *s, const void *srb, unsigned old, const void *caller)
{
    bool twice = s && s->completed_by;

    sp_unlock(a, old);
    struct finding f = {.severity = FINDING_STOP,
        .rule = twice ? "DT-S08" : "DT-S16",
        .bugcheck = twice ? 0xF1 : 0,
        .param = {twice ? 0x2004 : 0},
        .object = srb,
        .caller = caller};

    if (twice)
        finding_raisef(&f, "a request is completed twice");
    else
        finding_raisef(&f, "RequestComplete names %p, which is no request that the miniport has", srb);
    mach_halt();
}

/* STL-129: the processor that the request came from, or this one. */
static unsigned completion_cpu(const struct sp_adapter *a, const struct sp_request *r)
{
    return sp_redirects(a) ? r->cpu : mach_cpu();
}

static void pass_on(struct sp_adapter *a, unsigned cpu)
{
    struct sp_frame *f = sp_frame_of(a);

    if (f && mach_irql() < DISPATCH_LEVEL && cpu == mach_cpu())
        f->kick |= 1ull << cpu;
    else
        ke_dpc_queue(&a->cpu[cpu].dpc, NULL, NULL);
}

void sp_complete(struct sp_adapter *a, void *srb, const void *caller)
{
    unsigned        old = sp_lock(a);
    struct sp_slot *s = sp_slot_find_locked(a, srb);

    if (!s || s->state != SP_SLOT_DRIVER)
        not_the_drivers(a, s, srb, old, caller);
    check_status(s, caller);
    struct sp_request *r = s->r;
    unsigned           cpu = completion_cpu(a, r);

    sp_srb_read(s);
    sp_check_answer_locked(s, caller);
    sp_lists_end_locked(s, caller);
    s->completed_by = caller;
    if (r->state == SP_REQUEST_BUILT) /* by somebody else than BuildIo, which has returned TRUE */
        list_del(&r->link);
    r->state = SP_REQUEST_DONE;
    ev(EV_STOR_SRB, srb, SRB_STATUS(r->srb_status) == SRB_STATUS_BUSY ? EV_SRB_RETRY : EV_SRB_COMPLETE,
        (uintptr_t)a->extension, r->srb_status);
    sp_slot_poison_locked(s);
    list_add_tail(&a->cpu[cpu].done, &r->link);
    sp_unlock(a, old);
    pass_on(a, cpu);
}

/* ---- the DPC ---- */

static void account_locked(struct sp_lun *u, struct sp_request *r)
{
    struct sp_adapter *a = u->a;

    list_del(&r->active);
    u->outstanding--;
    a->outstanding--;
    sp_slot_free_locked(r->slot);
    r->slot = NULL;
    sp_gate_count_locked(u, SRB_STATUS(r->srb_status) != SRB_STATUS_BUSY);
}

/* The client's, from here on. IRQL <= 2. */
void sp_finish(struct sp_adapter *a, struct sp_request *r)
{
    ev(EV_STOR_SRB, r, EV_SRB_DONE, (uintptr_t)a->extension, r->srb_status);
    r->state = SP_REQUEST_IDLE;
    r->done(r);
}

static void wake_drained_locked(struct sp_adapter *a, bool *wake)
{
    *wake = a->draining && a->outstanding == 0;
}

static void finish_one(struct sp_adapter *a, struct sp_request *r)
{
    struct sp_lun *u = r->unit;
    bool           drained;
    unsigned       old = sp_lock(a);

    if (r->slot) /* else flushed from its queue */
        account_locked(u, r);
    bool again = sp_retry_locked(u, r);

    if (!again)
        sp_freeze_locked(u, r);
    wake_drained_locked(a, &drained);
    sp_unlock(a, old);
    if (!again)
        sp_finish(a, r);
    if (drained)
        ke_event_set(&a->drained, IO_NO_INCREMENT);
}

static struct sp_request *next_done(struct sp_cpu *c)
{
    unsigned     old = sp_lock(c->a);
    struct list *l = list_pop(&c->done);

    sp_unlock(c->a, old);
    return l ? container_of(l, struct sp_request, link) : NULL;
}

/* Ends because each turn takes one off, and what comes in between has been with the miniport. */
void sp_cpu_dpc(PKDPC dpc, PVOID context, PVOID arg1, PVOID arg2)
{
    struct sp_cpu     *c = context;
    struct sp_request *r;

    (void)dpc;
    (void)arg1;
    (void)arg2;
    while ((r = next_done(c)) != NULL)
        finish_one(c->a, r);
    sp_dispatch(c->a);
}
