/* SPDX-License-Identifier: MIT */
/* ddi/ddi_dpc.c - DPC routines as drivers see them. */
#include "ddi/ddi.h"

#include "base/finding.h"
#include "ddk/ntddk.h"
#include "ke/ke.h"

NTKERNELAPI VOID NTAPI KeInitializeDpc(PRKDPC Dpc, PKDEFERRED_ROUTINE DeferredRoutine, PVOID DeferredContext)
{
    DDI_ENTER(KeInitializeDpc, Dpc);
    ddi_check_storage(Dpc, "KeInitializeDpc", __builtin_return_address(0));
    ke_dpc_init(Dpc, DeferredRoutine, DeferredContext, false);
    DDI_LEAVE(KeInitializeDpc, Dpc, 0);
}

NTKERNELAPI VOID NTAPI KeInitializeThreadedDpc(PRKDPC Dpc, PKDEFERRED_ROUTINE DeferredRoutine, PVOID DeferredContext)
{
    DDI_ENTER(KeInitializeThreadedDpc, Dpc);
    ddi_check_storage(Dpc, "KeInitializeThreadedDpc", __builtin_return_address(0));
    ke_dpc_init(Dpc, DeferredRoutine, DeferredContext, true);
    DDI_LEAVE(KeInitializeThreadedDpc, Dpc, 0);
}

DDI_HOT /* DPC-081: IoRequestDpc is this routine with the DPC of a device object, whose context is the device object. */
    static void
    check_is_requested_by_isr(const KDPC *dpc, const void *caller)
{
    struct finding f = {.severity = FINDING_WARNING, .rule = "DT-D17", .object = dpc, .caller = caller};

    if (__builtin_expect(dpc->DeferredContext == (const char *)dpc - offsetof(DEVICE_OBJECT, Dpc), 0) &&
        mach_irql() <= DISPATCH_LEVEL)
        finding_raisef(&f, "IoRequestDpc is called at IRQL %u, by no interrupt routine", mach_irql());
}

NTKERNELAPI BOOLEAN NTAPI KeInsertQueueDpc(PRKDPC Dpc, PVOID SystemArgument1, PVOID SystemArgument2)
{
    DDI_ENTER(KeInsertQueueDpc, Dpc);
    check_is_requested_by_isr(Dpc, __builtin_return_address(0));
    BOOLEAN queued = ke_dpc_queue(Dpc, SystemArgument1, SystemArgument2);

    DDI_LEAVE(KeInsertQueueDpc, Dpc, queued);
    return queued;
}

NTKERNELAPI BOOLEAN NTAPI KeRemoveQueueDpc(PRKDPC Dpc)
{
    DDI_ENTER(KeRemoveQueueDpc, Dpc);
    BOOLEAN removed = ke_dpc_remove(Dpc);

    DDI_LEAVE(KeRemoveQueueDpc, Dpc, removed);
    return removed;
}

/* Exported, not described by Microsoft. WaitIfActive: returns when the routine runs nowhere any more. */
NTKERNELAPI BOOLEAN NTAPI KeRemoveQueueDpcEx(PRKDPC Dpc, BOOLEAN WaitIfActive)
{
    DDI_ENTER(KeRemoveQueueDpcEx, Dpc);
    BOOLEAN removed = ke_dpc_remove(Dpc);

    if (WaitIfActive)
        ke_dpc_wait_until_idle(Dpc);
    DDI_LEAVE(KeRemoveQueueDpcEx, Dpc, removed);
    return removed;
}

NTKERNELAPI VOID NTAPI KeFlushQueuedDpcs(VOID)
{
    DDI_ENTER(KeFlushQueuedDpcs, NULL);
    ke_dpc_flush();
    DDI_LEAVE(KeFlushQueuedDpcs, NULL, 0);
}

NTKERNELAPI VOID NTAPI KeSetImportanceDpc(PRKDPC Dpc, KDPC_IMPORTANCE Importance)
{
    DDI_ENTER(KeSetImportanceDpc, Dpc);
    ke_dpc_importance(Dpc, Importance);
    DDI_LEAVE(KeSetImportanceDpc, Dpc, 0);
}

/* Of group 0 (DPC-039). An impossible number leaves the target as it is, silently (DPC-038). */
NTKERNELAPI VOID NTAPI KeSetTargetProcessorDpc(PRKDPC Dpc, CCHAR Number)
{
    DDI_ENTER(KeSetTargetProcessorDpc, Dpc);
    if ((unsigned char)Number < ke_group(0).count)
        ke_dpc_target(Dpc, (unsigned char)Number);
    DDI_LEAVE(KeSetTargetProcessorDpc, Dpc, 0);
}

NTKERNELAPI NTSTATUS NTAPI KeSetTargetProcessorDpcEx(PKDPC Dpc, PPROCESSOR_NUMBER ProcNumber)
{
    DDI_ENTER(KeSetTargetProcessorDpcEx, Dpc);
    struct ke_group g = ke_group(ProcNumber->Group);
    bool            valid =
        ProcNumber->Reserved == 0 && ProcNumber->Number < g.count && ke_dpc_target(Dpc, g.first + ProcNumber->Number);
    NTSTATUS status = valid ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;

    DDI_LEAVE(KeSetTargetProcessorDpcEx, Dpc, status);
    return status;
}

NTKERNELAPI LOGICAL NTAPI KeIsExecutingDpc(VOID)
{
    DDI_ENTER_QUIET(KeIsExecutingDpc, NULL);
    return ke_dpc_executing();
}

/* ---- time at DISPATCH_LEVEL (DPC-074 .. DPC-077) ---- */

/* TRUE after a millisecond at DISPATCH_LEVEL or above; a lower and a raise begin anew. */
NTKERNELAPI LOGICAL NTAPI KeShouldYieldProcessor(VOID)
{
    DDI_ENTER_QUIET(KeShouldYieldProcessor, NULL);
    return ke_should_yield();
}

/* All numbers are clock ticks; limits and counts are 0 while the watchdog is off. */
NTKERNELAPI NTSTATUS NTAPI KeQueryDpcWatchdogInformation(PKDPC_WATCHDOG_INFORMATION WatchdogInformation)
{
    DDI_ENTER_QUIET(KeQueryDpcWatchdogInformation, WatchdogInformation);
    return ke_dpc_watchdog(WatchdogInformation) ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}

/* ---- on all processors (DPC-087 .. DPC-092) ---- */

/* Exported, not described by Microsoft. Each routine calls KeSignalCallDpcDone(SystemArgument1) before it returns. */
NTKERNELAPI VOID NTAPI KeGenericCallDpc(PKDEFERRED_ROUTINE Routine, PVOID Context)
{
    DDI_ENTER(KeGenericCallDpc, Context);
    ke_dpc_call_all(Routine, Context);
    DDI_LEAVE(KeGenericCallDpc, Context, 0);
}

NTKERNELAPI VOID NTAPI KeSignalCallDpcDone(PVOID SystemArgument1)
{
    DDI_ENTER(KeSignalCallDpcDone, SystemArgument1);
    ke_dpc_call_done(SystemArgument1);
    DDI_LEAVE(KeSignalCallDpcDone, NULL, 0);
}

NTKERNELAPI LOGICAL NTAPI KeSignalCallDpcSynchronize(PVOID SystemArgument2)
{
    DDI_ENTER(KeSignalCallDpcSynchronize, SystemArgument2);
    LOGICAL one = ke_dpc_call_synchronize(SystemArgument2);

    DDI_LEAVE(KeSignalCallDpcSynchronize, NULL, one);
    return one;
}

NTKERNELAPI ULONG_PTR NTAPI KeIpiGenericCall(PKIPI_BROADCAST_WORKER BroadcastFunction, ULONG_PTR Context)
{
    DDI_ENTER(KeIpiGenericCall, Context);
    ULONG_PTR result = ke_ipi_call_all(BroadcastFunction, Context);

    DDI_LEAVE(KeIpiGenericCall, Context, result);
    return result;
}
