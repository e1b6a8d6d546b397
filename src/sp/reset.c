/* SPDX-License-Identifier: MIT */
/*
 * sp/reset.c - HwStorResetBus, function-level reset, and completion of all there is.
 *
 * Around HwStorResetBus nothing of the adapter's is in HwStorStartIo: the gate keeps new calls out of the queue, channels that
 * are in use are waited for, and the StartIo lock keeps out what has passed the gate (STL-080 to STL-082). BuildIo may run.
 */
#include "sp/priv.h"

/* ---- the bus ---- */

static void close_queues(struct sp_adapter *a)
{
    unsigned old = sp_lock(a);

    a->resets++;
    sp_gate_close_locked(a, NULL, SP_GATE_RESET);
    sp_unlock(a, old);
}

static void open_queues(struct sp_adapter *a)
{
    unsigned old = sp_lock(a);

    if (--a->resets == 0)
        sp_gate_open_locked(a, NULL, SP_GATE_RESET);
    sp_unlock(a, old);
    sp_kick(a);
}

/* Ends because no channel is taken while the gate is closed, and who has one is in HwStorStartIo. */
static void wait_for_channels(struct sp_adapter *a)
{
    while (__atomic_load_n(&a->channels_used, __ATOMIC_ACQUIRE))
        mach_relax(a);
}

bool sp_reset_bus(struct sp_adapter *a, ULONG path)
{
    struct sp_frame f = {0};
    unsigned        old = ke_raise_to(DISPATCH_LEVEL);

    close_queues(a);
    wait_for_channels(a);
    sp_call_begin(&f, a, SP_CALL_RESET_BUS, (const void *)a->driver->hw.HwResetBus);
    bool done = a->driver->hw.HwResetBus(a->extension, path);

    sp_call_end(&f);
    if (a->config->BusResetHoldTime) /* STQ-087 */
        sp_gate_close_for(&a->hold, a->config->BusResetHoldTime * 10ull);
    open_queues(a);
    mach_irql_lower(old);
    return done;
}

/* ---- StorPortHardwareReset ---- */

ULONG sp_hardware_reset(struct sp_adapter *a, ULONG type)
{
    struct device *d = a->cfg.device;

    if (type != StorFunctionLevelReset)
        return STOR_STATUS_NOT_IMPLEMENTED;
    if (!d || !d->ops->reset)
        return STOR_STATUS_UNSUCCESSFUL;
    d->ops->reset(d);
    return STOR_STATUS_SUCCESS;
}

/* ---- StorPortCompleteRequest ---- */

struct pattern {
    UCHAR path, target, lun;
};

static bool matches(const struct sp_request *r, const struct pattern *p)
{
    return (p->path == SP_UNTAGGED || r->path == p->path) && (p->target == SP_UNTAGGED || r->target == p->target) &&
           (p->lun == SP_UNTAGGED || r->lun == p->lun);
}

/* The SRB of one that the miniport has, with its status set; NULL: there is none. */
static PSCSI_REQUEST_BLOCK take_one(struct sp_adapter *a, const struct pattern *p, UCHAR status)
{
    PSCSI_REQUEST_BLOCK srb = NULL;
    unsigned            old = sp_lock(a);

    for (unsigned i = 0; !srb && i < a->n_slots; i++) {
        struct sp_slot *s = a->slots[i];

        if (s->state == SP_SLOT_DRIVER && matches(s->r, p)) {
            srb = s->srb;
            srb->SrbStatus = status;
        }
    }
    sp_unlock(a, old);
    return srb;
}

void sp_complete_matching(struct sp_adapter *a, UCHAR path, UCHAR target, UCHAR lun, UCHAR status, const void *caller)
{
    struct pattern      p = {path, target, lun};
    PSCSI_REQUEST_BLOCK srb;

    while ((srb = take_one(a, &p, status)) != NULL)
        sp_complete(a, srb, caller);
}
