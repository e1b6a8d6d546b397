/* SPDX-License-Identifier: MIT */
/*
 * sp/queue.c - requests that are for the port itself: the queue of a unit is released, flushed, locked, unlocked; a unit is
 * claimed and given back. None of them reaches the miniport (STQ-104 to STQ-108).
 */
#include "sp/priv.h"

static void answer(struct sp_request *r, UCHAR srb_status, NTSTATUS status)
{
    r->srb_status = srb_status;
    r->internal_status = (ULONG)status;
}

/* A gate has opened under the lock: dispatch follows. */
static void go_on(struct sp_adapter *a)
{
    ke_dpc_queue(&a->cpu[mach_cpu()].dpc, NULL, NULL);
}

/* STQ-105: what has not begun never will. Its clients are told by the DPC. */
static void flush(struct sp_lun *u)
{
    struct list *l;

    while ((l = list_pop(&u->queue)) != NULL) {
        struct sp_request *r = container_of(l, struct sp_request, link);

        u->queued--;
        r->state = SP_REQUEST_DONE;
        answer(r, SRB_STATUS_REQUEST_FLUSHED, STATUS_SUCCESS);
        list_add_tail(&u->a->cpu[mach_cpu()].done, &r->link);
    }
    sp_gate_open_locked(u->a, u, SP_GATE_FROZEN);
}

/* STQ-106: without the flag it would wait behind the lock for ever. */
static void unlock(struct sp_lun *u, struct sp_request *r)
{
    if (r->flags & SRB_FLAGS_BYPASS_LOCKED_QUEUE)
        sp_gate_open_locked(u->a, u, SP_GATE_LOCKED);
    else
        answer(r, SRB_STATUS_INVALID_REQUEST, STATUS_INVALID_PARAMETER);
}

/* STQ-107. */
static void claim(struct sp_lun *u, struct sp_request *r)
{
    if (u->claimed) {
        answer(r, SRB_STATUS_BUSY, STATUS_DEVICE_BUSY);
        return;
    }
    u->claimed = true;
    r->data = u->device;
}

/* Before sp_submit() takes the lock: what a claim answers. IRQL 0. */
void sp_claim_prepare(struct sp_adapter *a, const struct sp_request *r)
{
    struct io_device_config c = {.driver = a->driver->driver, .type = FILE_DEVICE_DISK};
    PDEVICE_OBJECT          device = NULL;
    unsigned                old = sp_lock(a);
    struct sp_lun          *u = sp_lun_find_locked(a, r->path, r->target, r->lun);
    bool                    wanted = u && !u->device;

    sp_unlock(a, old);
    if (!wanted || mach_irql() != PASSIVE_LEVEL || !NT_SUCCESS(io_device_create(&c, &device)))
        return;
    old = sp_lock(a);
    bool mine = !u->device;

    if (mine)
        u->device = device;
    sp_unlock(a, old);
    if (!mine)
        io_device_delete(device);
}

bool sp_queue_function_locked(struct sp_lun *u, struct sp_request *r)
{
    answer(r, SRB_STATUS_SUCCESS, STATUS_SUCCESS);
    switch (r->function) {
    case SRB_FUNCTION_RELEASE_QUEUE:
        sp_gate_open_locked(u->a, u, SP_GATE_FROZEN);
        break;
    case SRB_FUNCTION_FLUSH_QUEUE:
        flush(u);
        break;
    case SRB_FUNCTION_LOCK_QUEUE:
        sp_gate_close_locked(u->a, u, SP_GATE_LOCKED);
        break;
    case SRB_FUNCTION_UNLOCK_QUEUE:
        unlock(u, r);
        break;
    case SRB_FUNCTION_CLAIM_DEVICE:
    case SRB_FUNCTION_ATTACH_DEVICE:
        claim(u, r);
        break;
    case SRB_FUNCTION_RELEASE_DEVICE:
    case SRB_FUNCTION_REMOVE_DEVICE:
        u->claimed = false;
        break;
    case SRB_FUNCTION_ABORT_COMMAND: /* STQ-085 */
        if (u->a->config->FeatureSupport & STOR_ADAPTER_FEATURE_ABORT_COMMAND)
            return false;
        answer(r, SRB_STATUS_INVALID_REQUEST, STATUS_NOT_SUPPORTED);
        break;
    default:
        if (!u->powered_down || !(r->flags & SRB_FLAGS_NO_KEEP_AWAKE))
            return false;
        answer(r, SRB_STATUS_NOT_POWERED, STATUS_DEVICE_NOT_READY); /* STQ-109 */
        break;
    }
    go_on(u->a);
    return true;
}
