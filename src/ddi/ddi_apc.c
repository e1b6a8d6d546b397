/* SPDX-License-Identifier: MIT */
/*
 * ddi/ddi_apc.c - critical and guarded regions; APCs and alerts, which no page of Microsoft's documents but file system
 * drivers use (include/ddk/nt/ke_apc.h).
 */
#include "ddi/ddi.h"
#include "ddk/nt/ke_apc.h"
#include "ke/ke.h"

/* ---- regions ---- */

NTKERNELAPI VOID NTAPI KeEnterCriticalRegion(VOID)
{
    DDI_ENTER_QUIET(KeEnterCriticalRegion, NULL);
    ke_critical_region(1);
}

NTKERNELAPI VOID NTAPI KeLeaveCriticalRegion(VOID)
{
    DDI_ENTER_QUIET(KeLeaveCriticalRegion, NULL);
    ke_critical_region(-1);
}

NTKERNELAPI VOID NTAPI KeEnterGuardedRegion(VOID)
{
    DDI_ENTER_QUIET(KeEnterGuardedRegion, NULL);
    ke_guarded_region(1);
}

NTKERNELAPI VOID NTAPI KeLeaveGuardedRegion(VOID)
{
    DDI_ENTER_QUIET(KeLeaveGuardedRegion, NULL);
    ke_guarded_region(-1);
}

NTKERNELAPI BOOLEAN NTAPI KeAreApcsDisabled(VOID)
{
    DDI_ENTER_QUIET(KeAreApcsDisabled, NULL);
    return ke_apcs_disabled();
}

NTKERNELAPI BOOLEAN NTAPI KeAreAllApcsDisabled(VOID)
{
    DDI_ENTER_QUIET(KeAreAllApcsDisabled, NULL);
    return ke_all_apcs_disabled();
}

/* ---- APCs ---- */

NTKERNELAPI VOID NTAPI KeInitializeApc(PKAPC Apc, PKTHREAD Thread, KAPC_ENVIRONMENT Environment,
    PKKERNEL_ROUTINE KernelRoutine, PKRUNDOWN_ROUTINE RundownRoutine, PKNORMAL_ROUTINE NormalRoutine,
    KPROCESSOR_MODE ApcMode, PVOID NormalContext)
{
    DDI_ENTER_QUIET(KeInitializeApc, Apc);
    struct ke_apc_routines r = {(ke_kernel_routine *)KernelRoutine, RundownRoutine, NormalRoutine};

    (void)Environment; /* no thread is ever attached to another process */
    ke_apc_init(Apc, (ke_thread *)Thread, &r, ApcMode, NormalContext);
}

NTKERNELAPI BOOLEAN NTAPI KeInsertQueueApc(PKAPC Apc, PVOID SystemArgument1, PVOID SystemArgument2, KPRIORITY Increment)
{
    DDI_ENTER(KeInsertQueueApc, Apc);
    BOOLEAN queued = ke_apc_queue(Apc, SystemArgument1, SystemArgument2, Increment);

    DDI_LEAVE(KeInsertQueueApc, Apc, queued);
    return queued;
}

NTKERNELAPI BOOLEAN NTAPI KeRemoveQueueApc(PKAPC Apc)
{
    DDI_ENTER(KeRemoveQueueApc, Apc);
    BOOLEAN was_queued = ke_apc_remove(Apc);

    DDI_LEAVE(KeRemoveQueueApc, Apc, was_queued);
    return was_queued;
}

/* ---- alerts ---- */

NTKERNELAPI BOOLEAN NTAPI KeAlertThread(PKTHREAD Thread, KPROCESSOR_MODE AlertMode)
{
    DDI_ENTER(KeAlertThread, Thread);
    BOOLEAN was_alerted = ke_alert((ke_thread *)Thread, AlertMode);

    DDI_LEAVE(KeAlertThread, Thread, was_alerted);
    return was_alerted;
}

NTKERNELAPI BOOLEAN NTAPI KeTestAlertThread(KPROCESSOR_MODE AlertMode)
{
    DDI_ENTER(KeTestAlertThread, NULL);
    BOOLEAN was_alerted = ke_test_alert(AlertMode);

    DDI_LEAVE(KeTestAlertThread, NULL, was_alerted);
    return was_alerted;
}
