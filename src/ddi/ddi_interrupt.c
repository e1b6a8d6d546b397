/* SPDX-License-Identifier: MIT */
/* ddi/ddi_interrupt.c - interrupt objects as drivers see them. */
#include "ddi/ddi.h"
#include "io/priv.h"

NTKERNELAPI NTSTATUS NTAPI IoConnectInterrupt(PKINTERRUPT *Interrupt, PKSERVICE_ROUTINE ServiceRoutine,
    PVOID ServiceContext, PKSPIN_LOCK SpinLock, ULONG Vector, KIRQL Irql, KIRQL SynchronizeIrql,
    KINTERRUPT_MODE InterruptMode, BOOLEAN ShareVector, KAFFINITY ProcessorEnableMask, BOOLEAN FloatingSave)
{
    struct io_interrupt_connection c = {.routine = ServiceRoutine,
        .context = ServiceContext,
        .lock = SpinLock,
        .vector = Vector,
        .irql = Irql,
        .sync_irql = SynchronizeIrql,
        .mode = InterruptMode,
        .share = ShareVector,
        .affinity = ke_affinity_in(0, ProcessorEnableMask & ke_group_mask(0))};

    (void)FloatingSave;
    DDI_ENTER(IoConnectInterrupt, Interrupt);
    NTSTATUS status = Irql == PASSIVE_LEVEL ? STATUS_INVALID_PARAMETER : io_interrupt_connect(&c, Interrupt);

    DDI_LEAVE(IoConnectInterrupt, Interrupt, status);
    return status;
}

static NTSTATUS connect_specified(const IO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS *p, USHORT group)
{
    struct io_interrupt_connection c = {.routine = p->ServiceRoutine,
        .context = p->ServiceContext,
        .lock = p->SpinLock,
        .vector = p->Vector,
        .irql = p->Irql,
        .sync_irql = p->SynchronizeIrql,
        .mode = p->InterruptMode,
        .share = p->ShareVector,
        .affinity = ke_affinity_in(group, p->ProcessorEnableMask & ke_group_mask(group))};

    return io_interrupt_connect(&c, p->InterruptObject);
}

/* Devices have no resources here, so that lines and messages of a device are not found. */
NTKERNELAPI NTSTATUS NTAPI IoConnectInterruptEx(PIO_CONNECT_INTERRUPT_PARAMETERS Parameters)
{
    NTSTATUS status = STATUS_NOT_FOUND;
    ULONG    version = Parameters->Version;

    DDI_ENTER(IoConnectInterruptEx, Parameters);
    if (version == CONNECT_FULLY_SPECIFIED || version == CONNECT_FULLY_SPECIFIED_GROUP) {
        status = connect_specified(
            &Parameters->FullySpecified, version == CONNECT_FULLY_SPECIFIED ? 0 : Parameters->FullySpecified.Group);
    } else if (version == 0 || version > CONNECT_CURRENT_VERSION) {
        Parameters->Version = CONNECT_CURRENT_VERSION;
        status = STATUS_NOT_SUPPORTED;
    }
    DDI_LEAVE(IoConnectInterruptEx, NULL, status);
    return status;
}

NTKERNELAPI VOID NTAPI IoDisconnectInterrupt(PKINTERRUPT Interrupt)
{
    DDI_ENTER(IoDisconnectInterrupt, Interrupt);
    io_interrupt_disconnect(Interrupt);
    DDI_LEAVE(IoDisconnectInterrupt, Interrupt, 0);
}

NTKERNELAPI VOID NTAPI IoDisconnectInterruptEx(PIO_DISCONNECT_INTERRUPT_PARAMETERS Parameters)
{
    DDI_ENTER(IoDisconnectInterruptEx, Parameters);
    io_interrupt_disconnect(Parameters->ConnectionContext.InterruptObject);
    DDI_LEAVE(IoDisconnectInterruptEx, NULL, 0);
}

NTKERNELAPI VOID NTAPI IoReportInterruptActive(PIO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS Parameters)
{
    DDI_ENTER(IoReportInterruptActive, Parameters);
    io_interrupt_active(Parameters->ConnectionContext.InterruptObject, true);
    DDI_LEAVE(IoReportInterruptActive, NULL, 0);
}

NTKERNELAPI VOID NTAPI IoReportInterruptInactive(PIO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS Parameters)
{
    DDI_ENTER(IoReportInterruptInactive, Parameters);
    io_interrupt_active(Parameters->ConnectionContext.InterruptObject, false);
    DDI_LEAVE(IoReportInterruptInactive, NULL, 0);
}

NTKERNELAPI BOOLEAN NTAPI KeSynchronizeExecution(
    PKINTERRUPT Interrupt, PKSYNCHRONIZE_ROUTINE SynchronizeRoutine, PVOID SynchronizeContext)
{
    DDI_ENTER(KeSynchronizeExecution, Interrupt);
    BOOLEAN result = io_interrupt_synchronize(Interrupt, SynchronizeRoutine, SynchronizeContext);

    DDI_LEAVE(KeSynchronizeExecution, Interrupt, result);
    return result;
}

NTKERNELAPI KIRQL NTAPI KeAcquireInterruptSpinLock(PKINTERRUPT Interrupt)
{
    DDI_ENTER(KeAcquireInterruptSpinLock, Interrupt);
    KIRQL old = (KIRQL)io_interrupt_lock(Interrupt);

    DDI_LEAVE_QUIET(KeAcquireInterruptSpinLock, Interrupt, old);
    return old;
}

NTKERNELAPI VOID NTAPI KeReleaseInterruptSpinLock(PKINTERRUPT Interrupt, KIRQL OldIrql)
{
    DDI_ENTER_QUIET(KeReleaseInterruptSpinLock, Interrupt);
    io_interrupt_unlock(Interrupt, OldIrql);
    DDI_LEAVE(KeReleaseInterruptSpinLock, Interrupt, 0);
}

/* An interrupt stays where it was connected. */
NTKERNELAPI NTSTATUS NTAPI IoGetAffinityInterrupt(PKINTERRUPT Interrupt, PGROUP_AFFINITY GroupAffinity)
{
    unsigned  group = 0;
    KAFFINITY mask = Interrupt ? ke_affinity_of(io_interrupt_affinity(Interrupt), &group) : 0;

    DDI_ENTER_QUIET(IoGetAffinityInterrupt, Interrupt);
    if (!mask || !GroupAffinity)
        return STATUS_INVALID_PARAMETER;
    *GroupAffinity = (GROUP_AFFINITY){.Mask = mask, .Group = (USHORT)group};
    return STATUS_SUCCESS;
}

/* ---- nonmaskable interrupts: none ever comes, but who registers for them gets on ---- */

struct nmi_callback {
    struct nmi_callback *self; /* while it is registered */
    PNMI_CALLBACK        routine;
    PVOID                context;
};

NTKERNELAPI PVOID NTAPI KeRegisterNmiCallback(PNMI_CALLBACK CallbackRoutine, PVOID Context)
{
    DDI_ENTER(KeRegisterNmiCallback, Context);
    struct nmi_callback *c = ke_object_alloc(sizeof *c);

    if (c)
        *c = (struct nmi_callback){c, CallbackRoutine, Context};
    DDI_LEAVE(KeRegisterNmiCallback, Context, (uintptr_t)c);
    return c;
}

NTKERNELAPI NTSTATUS NTAPI KeDeregisterNmiCallback(PVOID Handle)
{
    struct nmi_callback *c = Handle;

    DDI_ENTER(KeDeregisterNmiCallback, Handle);
    NTSTATUS status = c && c->self == c ? STATUS_SUCCESS : STATUS_INVALID_HANDLE;

    if (NT_SUCCESS(status)) {
        c->self = NULL;
        ke_object_free(c, sizeof *c);
    }
    DDI_LEAVE(KeDeregisterNmiCallback, Handle, status);
    return status;
}
