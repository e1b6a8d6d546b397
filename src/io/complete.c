/* SPDX-License-Identifier: MIT */
/*
 * io/complete.c - an IRP's way down (IoCallDriver) and up (IoCompleteRequest).
 *
 * Down: each call moves the current stack location one down; the location's driver is called. Up: locations are left from
 * the current one on; each may hold the completion routine of the driver above, which may stop the way up with
 * STATUS_MORE_PROCESSING_REQUIRED and resume it later by completing again. Past the last location the IRP goes back to its
 * maker: buffers are copied and freed, status block and event set, the IRP freed. NT does this last part in an APC of the
 * requesting thread; here it is done where the last driver completed (Inferred: no document lets a driver see which).
 *
 * What drivers get wrong on this way is diagnosed with the codes of Driver Verifier's I/O checks (0xC9) and 0x35, 0x44.
 */
#include <string.h>

#include "io/priv.h"

/* ---- down ---- */

static void check_call(PDEVICE_OBJECT device, PIRP irp)
{
    uint64_t bad_irp[4] = {3, (uintptr_t)irp, 0, 0}, no_device[4] = {0x204, 0, 0, 0},
             no_room[4] = {(uintptr_t)irp, 0, 0, 0};

    if (!device)
        ke_bugcheckf(NULL, DRIVER_VERIFIER_IOMANAGER_VIOLATION, no_device, "IRP %p was sent to no device", (void *)irp);
    io_irp_check_alive(irp, "sent");
    if (irp->Type != IO_TYPE_IRP)
        ke_bugcheckf(NULL, DRIVER_VERIFIER_IOMANAGER_VIOLATION, bad_irp, "%p was sent but is no IRP", (void *)irp);
    if (irp->CurrentLocation <= 1)
        ke_bugcheckf(NULL, NO_MORE_IRP_STACK_LOCATIONS, no_room, "IRP %p has no stack location left for device %p",
            (void *)irp, (void *)device);
}

static void check_status(const PDRIVER_DISPATCH dispatch, PIRP irp, NTSTATUS status)
{
    uint64_t p[4] = {0x225, (uintptr_t)dispatch, (uintptr_t)irp, (ULONG)status};

    if (status == -1)
        ke_violationf(NULL, DRIVER_VERIFIER_IOMANAGER_VIOLATION, p, "dispatch routine returned the status 0xFFFFFFFF");
}

NTSTATUS io_call_driver(PDEVICE_OBJECT device, PIRP irp)
{
    struct io_call call;

    check_call(device, irp);
    irp->CurrentLocation--;
    PIO_STACK_LOCATION sp = --irp->Tail.Overlay.CurrentStackLocation;

    if (sp->MajorFunction == IRP_MJ_POWER && irp->CurrentLocation == irp->StackCount)
        ke_power_requests(1);

    sp->DeviceObject = device;
    if (io_irp_of(irp))
        io_irp_of(irp)->sent = true;
    PDRIVER_DISPATCH dispatch = device->DriverObject->MajorFunction[sp->MajorFunction];

    ev(EV_IRP_SEND, irp, sp->MajorFunction, (uintptr_t)device, sp->MinorFunction);
    io_call_enter(&call, EV_ROLE_DISPATCH, (const void *)dispatch, irp, device);
    bool set_power = sp->MajorFunction == IRP_MJ_POWER && sp->MinorFunction == IRP_MN_SET_POWER;

    if (set_power)
        ke_set_power(1);
    NTSTATUS status = dispatch(device, irp);

    if (set_power)
        ke_set_power(-1);
    io_call_leave(&call);
    check_status(dispatch, irp, status);
    return status;
}

/* ---- the end of the way up ---- */

static void copy_output(PIRP irp)
{
    size_t bytes = irp->IoStatus.Information, most = io_irp_of(irp)->out_bytes;

    if (!(irp->Flags & IRP_BUFFERED_IO) || !(irp->Flags & IRP_INPUT_OPERATION) || NT_ERROR(irp->IoStatus.Status))
        return;
    if (bytes > most) {
        struct finding f = {.severity = FINDING_WARNING, .object = irp};

        finding_raisef(&f,
            "IRP %p was completed with %zu bytes of output for a buffer of %zu: on Windows this overwrites the "
            "caller's memory",
            (void *)irp, bytes, most);
        bytes = most;
    }
    memcpy(irp->UserBuffer, irp->AssociatedIrp.SystemBuffer, bytes);
}

static void finish_built(PIRP irp)
{
    PKEVENT event = irp->UserEvent;

    copy_output(irp);
    io_irp_release_buffers(irp);
    if (irp->UserIosb)
        *irp->UserIosb = irp->IoStatus;
    io_irp_free(irp);
    if (event)
        ke_event_set(event, 0);
}

static void finish_request(PIRP irp)
{
    copy_output(irp);
    io_irp_release_buffers(irp);
    io_request_completed(io_irp_of(irp)->request, irp);
}

static void finish_associated(PIRP irp)
{
    PIRP master = irp->AssociatedIrp.MasterIrp;
    LONG left = __atomic_sub_fetch(&master->AssociatedIrp.IrpCount, 1, __ATOMIC_ACQ_REL);

    irp->Flags &= ~(ULONG)IRP_ASSOCIATED_IRP;
    for (PMDL mdl = irp->MdlAddress, next; mdl; mdl = next) {
        next = mdl->Next;
        io_mdl_free(mdl);
    }
    io_irp_free(irp);
    if (left == 0)
        io_complete(master, IO_NO_INCREMENT);
}

/* What IoBuildAsynchronousFsdRequest made, Windows alone ends like a synchronous IRP: the status is told, the IRP freed. */
static void finish_drivers(PIRP irp, const struct io_irp *i)
{
    static const char text[] = "IRP %p belongs to the driver that made it, but no completion routine took it back with "
                               "STATUS_MORE_PROCESSING_REQUIRED";
    uint64_t          p[4] = {0x20a, 0, (uintptr_t)irp, 0};

    if (!i || i->kind != IO_IRP_ASYNCHRONOUS)
        ke_bugcheckf(NULL, DRIVER_VERIFIER_IOMANAGER_VIOLATION, p, text, (void *)irp);
    ke_violationf(NULL, DRIVER_VERIFIER_IOMANAGER_VIOLATION, p, text, (void *)irp);
    finish_built(irp);
}

static void finish(PIRP irp)
{
    struct io_irp *i = io_irp_of(irp);

    if (irp->Flags & IRP_ASSOCIATED_IRP)
        finish_associated(irp);
    else if (i && i->kind == IO_IRP_SYNCHRONOUS)
        finish_built(irp);
    else if (i && i->kind == IO_IRP_REQUEST)
        finish_request(irp);
    else
        finish_drivers(irp, i);
}

/* ---- up ---- */

static void check_complete(PIRP irp)
{
    uint64_t  twice[4] = {(uintptr_t)irp, 0, 0, 0}, pending[4] = {6, (ULONG)irp->IoStatus.Status, (uintptr_t)irp, 0};
    uintptr_t routine = (uintptr_t)__atomic_load_n(&irp->CancelRoutine, __ATOMIC_RELAXED);
    uint64_t  cancel[4] = {7, routine, (uintptr_t)irp, 0};

    if (irp->Type != IO_TYPE_IRP || irp->CurrentLocation > irp->StackCount + 1)
        ke_bugcheckf(
            NULL, MULTIPLE_IRP_COMPLETE_REQUESTS, twice, "IRP %p was completed twice, or is none", (void *)irp);
    if (irp->IoStatus.Status == STATUS_PENDING || irp->IoStatus.Status == -1)
        ke_violationf(NULL, DRIVER_VERIFIER_IOMANAGER_VIOLATION, pending, "IRP %p was completed with status 0x%08x",
            (void *)irp, (unsigned)irp->IoStatus.Status);
    if (routine)
        ke_violationf(NULL, DRIVER_VERIFIER_IOMANAGER_VIOLATION, cancel,
            "IRP %p was completed while its cancel routine was still set", (void *)irp);
}

static bool wants_call(PIRP irp, const IO_STACK_LOCATION *sp)
{
    if (!sp->CompletionRoutine)
        return false;
    if (irp->Cancel && (sp->Control & SL_INVOKE_ON_CANCEL))
        return true;
    return sp->Control & (NT_SUCCESS(irp->IoStatus.Status) ? SL_INVOKE_ON_SUCCESS : SL_INVOKE_ON_ERROR);
}

static void clear(PIO_STACK_LOCATION sp)
{
    sp->MinorFunction = sp->Flags = sp->Control = 0;
    memset(&sp->Parameters, 0, sizeof sp->Parameters);
    sp->CompletionRoutine = NULL;
    sp->Context = NULL;
}

/* The routine belongs to the driver of the location above, which is the current one by now; past the top: no device. */
static NTSTATUS call_completion(PIRP irp, PIO_COMPLETION_ROUTINE routine, void *context)
{
    PDEVICE_OBJECT device = irp->CurrentLocation > irp->StackCount ? NULL : io_stack(irp)->DeviceObject;
    struct io_call call;

    io_call_enter(&call, EV_ROLE_COMPLETION, (const void *)routine, context, irp);
    NTSTATUS status = routine(device, irp, context);

    io_call_leave(&call);
    return status;
}

/* Leaves one location. False: a completion routine has kept the IRP. */
static bool leave_location(PIRP irp)
{
    PIO_STACK_LOCATION     sp = io_stack(irp);
    PIO_COMPLETION_ROUTINE routine = sp->CompletionRoutine;
    void                  *context = sp->Context;
    bool                   call = wants_call(irp, sp);

    irp->PendingReturned = (sp->Control & SL_PENDING_RETURNED) != 0;
    irp->CurrentLocation++;
    irp->Tail.Overlay.CurrentStackLocation++;
    if (sp->MajorFunction == IRP_MJ_POWER && irp->CurrentLocation > irp->StackCount)
        ke_power_requests(-1);
    clear(sp);
    if (call) {
        if (call_completion(irp, routine, context) == STATUS_MORE_PROCESSING_REQUIRED)
            return false;
        io_irp_check_alive(irp, "let go up by its completion routine");
    } else if (irp->PendingReturned && irp->CurrentLocation <= irp->StackCount) {
        io_stack(irp)->Control |= SL_PENDING_RETURNED;
    }
    return true;
}

void io_complete(PIRP irp, CCHAR boost)
{
    (void)boost; /* priority boosts of waiters are not modelled */
    io_irp_check_alive(irp, "completed");
    check_complete(irp);
    PDEVICE_OBJECT device = irp->CurrentLocation > irp->StackCount ? NULL : io_stack(irp)->DeviceObject;

    ev(EV_IRP_COMPLETE, irp, (ULONG)irp->IoStatus.Status, (uintptr_t)device, 0);
    while (irp->CurrentLocation <= irp->StackCount)
        if (!leave_location(irp))
            return;
    irp->CurrentLocation++; /* completing it once more shows */
    finish(irp);
}
