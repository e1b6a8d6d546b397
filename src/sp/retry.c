/* SPDX-License-Identifier: MIT */
/*
 * sp/retry.c - the order of a unit's queue, and what comes back from the miniport: busy requests go out again, failed ones
 * freeze the queue.
 *
 * A request that is busy goes back to the head of its queue and keeps its identity (STQ-048); only the SRB and its extension
 * are new. What holds it until then depends on the SCSI status beside SRB_STATUS_BUSY:
 *
 *     QUEUE FULL      QueueFullWaitIoPercentage of what the miniport still has must come back first (STQ-044)
 *     anything else   BusyPauseTime (STQ-043), which also keeps a miniport with nothing outstanding from spinning
 *
 * SRB_STATUS_LINK_DOWN is treated as busy, since the registry page counts its retries together.
 */
#include "sp/priv.h"

/* ---- into the queue; lock held ---- */

static bool overtakes(const struct sp_request *r)
{
    return r->bypasses || r->flags & (SRB_FLAGS_BYPASS_FROZEN_QUEUE | SRB_FLAGS_BYPASS_LOCKED_QUEUE);
}

void sp_enqueue_locked(struct sp_lun *u, struct sp_request *r)
{
    struct list *at = u->queue.next;

    r->unit = u;
    r->state = SP_REQUEST_QUEUED;
    u->queued++;
    while (at != &u->queue && overtakes(container_of(at, struct sp_request, link)))
        at = at->next;
    list_add_before(overtakes(r) ? at : &u->queue, &r->link);
}

/* ---- what the miniport has answered; lock held ---- */

/* STQ-041, STQ-121. */
void sp_check_answer_locked(const struct sp_slot *s, const void *caller)
{
    const struct sp_request *r = s->r;
    UCHAR                    status = SRB_STATUS(r->srb_status);
    bool                     scsi = r->function == SRB_FUNCTION_EXECUTE_SCSI;

    if (status == SRB_STATUS_BUSY && r->transferred != r->bytes)
        sp_stop("DT-S11", s->srb, caller, "a request is completed as SRB_STATUS_BUSY with another DataTransferLength");
    if (status == SRB_STATUS_SUCCESS && scsi && r->scsi_status != SCSISTAT_GOOD)
        sp_warn("DT-S11", s->srb, caller,
            "a request is completed with SRB_STATUS_SUCCESS and SCSI status 0x%02x, which goes with SRB_STATUS_ERROR",
            (unsigned)r->scsi_status);
    if (status == SRB_STATUS_SUCCESS && r->transferred > r->bytes)
        sp_stop("DT-S11", s->srb, caller, "a request is completed with a greater DataTransferLength than it came with");
}

/* ---- another try; lock held ---- */

static bool may_retry(const struct sp_adapter *a, const struct sp_request *r)
{
    UCHAR status = SRB_STATUS(r->srb_status);

    if (status != SRB_STATUS_BUSY && status != SRB_STATUS_LINK_DOWN)
        return false;
    return a->state <= SP_READY && (a->cfg.busy_forever || r->retries < a->knobs.busy_retries); /* STQ-045 */
}

static void hold(struct sp_lun *u, const struct sp_request *r)
{
    struct sp_adapter *a = u->a;
    unsigned           left = sp_with_miniport_locked(a, u);

    if (r->scsi_status == SCSISTAT_QUEUE_FULL && left > 0) {
        unsigned wanted = left * a->knobs.queue_full_percent / 100;

        u->full_count = wanted ? wanted : 1;
        sp_gate_close_locked(a, u, SP_GATE_RETRY);
        return;
    }
    sp_gate_close_for_locked(&u->retry, a->knobs.busy_pause_ms * NT_100NS_PER_MS);
}

bool sp_retry_locked(struct sp_lun *u, struct sp_request *r)
{
    if (!u || !may_retry(u->a, r))
        return false;
    r->retries++;
    r->state = SP_REQUEST_QUEUED;
    u->queued++;
    list_add_head(&u->queue, &r->link);
    hold(u, r);
    return true;
}

/* ---- frozen queues; lock held ---- */

/* STQ-102. */
static bool freezes(const struct sp_request *r)
{
    switch (SRB_STATUS(r->srb_status)) {
    case SRB_STATUS_ERROR:
        return r->scsi_status == SCSISTAT_CHECK_CONDITION || r->scsi_status == SCSISTAT_COMMAND_TERMINATED;
    case SRB_STATUS_TIMEOUT:
    case SRB_STATUS_COMMAND_TIMEOUT:
    case SRB_STATUS_BUS_RESET:
    case SRB_STATUS_ABORTED:
        return true;
    }
    return r->timed_out && SRB_STATUS(r->srb_status) != SRB_STATUS_SUCCESS;
}

void sp_freeze_locked(struct sp_lun *u, struct sp_request *r)
{
    if (!u || r->function != SRB_FUNCTION_EXECUTE_SCSI || r->flags & SRB_FLAGS_NO_QUEUE_FREEZE || !freezes(r))
        return;
    sp_gate_close_locked(u->a, u, SP_GATE_FROZEN);
    r->srb_status |= SRB_STATUS_QUEUE_FROZEN;
}

/* ---- dispatch asks; lock held ---- */

static bool is_late(const struct sp_lun *u, nt_100ns before)
{
    for (const struct list *l = u->active.next; l != &u->active; l = l->next) {
        const struct sp_request *r = container_of(l, struct sp_request, active);

        if (r->state == SP_REQUEST_DRIVER && r->issued_at < before)
            return true;
    }
    return false;
}

bool sp_latency_holds_locked(const struct sp_adapter *a)
{
    nt_100ns cap = a->knobs.io_latency_cap_ms * NT_100NS_PER_MS, now;

    if (!cap || (now = ke_interrupt_time_precise()) < cap)
        return false;
    for (const struct list *l = a->units.next; l != &a->units; l = l->next)
        if (is_late(container_of(l, struct sp_lun, link), now - cap))
            return true;
    return false;
}
