/* SPDX-License-Identifier: MIT */
/*
 * sp/service.c - IOCTL_MINIPORT_PROCESS_SERVICE_IRP: requests of user programs that a virtual miniport keeps until it has
 * something to say, and gives back through StorPortCompleteServiceIrp; at the latest in HwCompleteServiceIrp, when the adapter
 * is removed.
 */
#include "sp/priv.h"

/* -1: no such IRP here; lock held */
static int place_of(const struct sp_adapter *a, const void *irp)
{
    for (int i = 0; i < SP_SERVICES; i++)
        if (a->control.services[i] == irp)
            return i;
    return -1;
}

static bool keep(struct sp_adapter *a, PIRP irp)
{
    unsigned old = sp_lock(a);
    int      i = place_of(a, NULL);

    if (i >= 0)
        a->control.services[i] = irp;
    sp_unlock(a, old);
    return i >= 0;
}

static NTSTATUS refuse(PIRP irp, NTSTATUS status)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = 0;
    io_complete(irp, IO_NO_INCREMENT);
    return status;
}

/* STV-013. */
NTSTATUS sp_service(struct sp_adapter *a, PIRP irp)
{
    PHW_PROCESS_SERVICE_REQUEST routine = a->driver->hw.HwProcessServiceRequest;
    struct sp_frame             f = {0};

    if (!routine || a->state != SP_READY)
        return refuse(irp, STATUS_INVALID_DEVICE_REQUEST);
    if (!keep(a, irp))
        return refuse(irp, STATUS_INSUFFICIENT_RESOURCES);
    IoMarkIrpPending(irp);
    sp_call_begin(&f, a, SP_CALL_SERVICE_REQUEST, (const void *)routine);
    routine(a->extension, irp);
    sp_call_end(&f);
    return STATUS_PENDING;
}

ULONG sp_service_complete(struct sp_adapter *a, PVOID irp, const void *caller)
{
    if (!irp)
        return STOR_STATUS_INVALID_PARAMETER;
    unsigned old = sp_lock(a);
    int      i = place_of(a, irp);

    if (i >= 0)
        a->control.services[i] = NULL;
    sp_unlock(a, old);
    if (i < 0) {
        sp_stop("DT-S08", irp, caller,
            "StorPortCompleteServiceIrp is given an IRP that the miniport does not have: completed before, or never "
            "its own");
        return STOR_STATUS_INVALID_PARAMETER;
    }
    io_complete(irp, IO_NO_INCREMENT);
    return STOR_STATUS_SUCCESS;
}

static PIRP any(struct sp_adapter *a)
{
    PIRP     irp = NULL;
    unsigned old = sp_lock(a);

    for (int i = 0; i < SP_SERVICES && !irp; i++)
        irp = a->control.services[i];
    sp_unlock(a, old);
    return irp;
}

/* STV-014. */
void sp_service_end(struct sp_adapter *a)
{
    PHW_COMPLETE_SERVICE_IRP routine = a->driver->hw.HwCompleteServiceIrp;
    struct sp_frame          f = {0};

    if (!routine)
        return;
    sp_call_begin(&f, a, SP_CALL_SERVICE_COMPLETE, (const void *)routine);
    routine(a->extension);
    sp_call_end(&f);
    PIRP left = any(a);

    if (left)
        sp_stop("DT-S10", left, (const void *)routine,
            "HwCompleteServiceIrp returned, and the miniport still has a service IRP");
}
