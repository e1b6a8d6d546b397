/* SPDX-License-Identifier: MIT */
/*
 * ddi/ddi_process.c - the one process, and extended processor state. Every thread is of the system process; nobody is ever
 * attached anywhere else, and no driver's use of registers can disturb another's.
 */
#include "ddi/ddi.h"
#include "io/ob.h"
#include "ke/ke.h"

enum { SYSTEM_PROCESS_ID = 4 };

static POBJECT_TYPE     process_type = &ob_type_process;
DT_EXPORT POBJECT_TYPE *PsProcessType = &process_type;

DT_EXPORT PEPROCESS PsInitialSystemProcess;

/* ob_system_process() is the same object in each run. */
static __attribute__((constructor)) void name_the_process(void)
{
    PsInitialSystemProcess = ob_system_process();
}

static PEPROCESS the_process(void)
{
    return ob_system_process();
}

NTKERNELAPI PEPROCESS NTAPI PsGetCurrentProcess(VOID)
{
    return the_process();
}

NTKERNELAPI PEPROCESS NTAPI IoGetCurrentProcess(VOID)
{
    return the_process();
}

NTKERNELAPI PEPROCESS NTAPI IoThreadToProcess(PETHREAD Thread)
{
    DDI_ENTER_QUIET(IoThreadToProcess, Thread);
    return the_process();
}

NTKERNELAPI PEPROCESS NTAPI IoGetRequestorProcess(PIRP Irp)
{
    DDI_ENTER_QUIET(IoGetRequestorProcess, Irp);
    return the_process();
}

NTKERNELAPI ULONG NTAPI IoGetRequestorProcessId(PIRP Irp)
{
    DDI_ENTER_QUIET(IoGetRequestorProcessId, Irp);
    return SYSTEM_PROCESS_ID;
}

NTKERNELAPI HANDLE NTAPI PsGetProcessId(PEPROCESS Process)
{
    (void)Process;
    return (HANDLE)(ULONG_PTR)SYSTEM_PROCESS_ID;
}

NTKERNELAPI NTSTATUS NTAPI PsLookupProcessByProcessId(HANDLE ProcessId, PEPROCESS *Process)
{
    DDI_ENTER(PsLookupProcessByProcessId, ProcessId);
    bool     found = (ULONG_PTR)ProcessId == SYSTEM_PROCESS_ID;
    NTSTATUS status = found ? STATUS_SUCCESS : ProcessId ? STATUS_INVALID_PARAMETER : STATUS_INVALID_CID;

    *Process = found ? the_process() : NULL;
    if (found)
        ob_reference(the_process());
    DDI_LEAVE(PsLookupProcessByProcessId, ProcessId, status);
    return status;
}

NTKERNELAPI VOID NTAPI KeStackAttachProcess(PRKPROCESS PROCESS, PRKAPC_STATE ApcState)
{
    DDI_ENTER_QUIET(KeStackAttachProcess, PROCESS);
    *ApcState = (KAPC_STATE){.Process = PROCESS};
}

NTKERNELAPI VOID NTAPI KeUnstackDetachProcess(PRKAPC_STATE ApcState)
{
    DDI_ENTER_QUIET(KeUnstackDetachProcess, ApcState);
    ApcState->Process = NULL;
}

/* Drivers' threads and their calls come from the kernel. */
NTKERNELAPI KPROCESSOR_MODE NTAPI ExGetPreviousMode(VOID)
{
    DDI_ENTER_QUIET(ExGetPreviousMode, NULL);
    return KernelMode;
}

/* ---- registers: a thread's are its own, and an interrupt saves what it uses ---- */

NTKERNELAPI NTSTATUS NTAPI KeSaveExtendedProcessorState(ULONG64 Mask, PXSTATE_SAVE XStateSave)
{
    DDI_ENTER_QUIET(KeSaveExtendedProcessorState, XStateSave);
    *XStateSave = (XSTATE_SAVE){.XStateContext.Mask = Mask};
    return STATUS_SUCCESS;
}

NTKERNELAPI VOID NTAPI KeRestoreExtendedProcessorState(PXSTATE_SAVE XStateSave)
{
    DDI_ENTER_QUIET(KeRestoreExtendedProcessorState, XStateSave);
}
