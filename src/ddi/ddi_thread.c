/* SPDX-License-Identifier: MIT */
/* ddi/ddi_thread.c - system threads as drivers see them. */
#include "ddi/ddi.h"
#include "io/ob.h"
#include "ke/ke.h"

/* A system thread has priority 8 and may run on any processor (THR). */
NTKERNELAPI NTSTATUS NTAPI PsCreateSystemThread(PHANDLE ThreadHandle, ULONG DesiredAccess,
    POBJECT_ATTRIBUTES ObjectAttributes, HANDLE ProcessHandle, PCLIENT_ID ClientId, PKSTART_ROUTINE StartRoutine,
    PVOID StartContext)
{
    DDI_ENTER(PsCreateSystemThread, StartContext);
    (void)DesiredAccess, (void)ObjectAttributes, (void)ProcessHandle;
    ke_thread *t = ke_thread_create_system(StartRoutine, StartContext, 8);
    NTSTATUS   status = t ? ob_handle_create(t, ThreadHandle) : STATUS_INSUFFICIENT_RESOURCES;

    if (t && ClientId) {
        ClientId->UniqueProcess = (HANDLE)4;
        ClientId->UniqueThread = (HANDLE)(ULONG_PTR)(ke_thread_id(t) * 4);
    }
    if (t)
        ke_thread_dereference(t);
    DDI_LEAVE(PsCreateSystemThread, StartContext, status);
    return status;
}

NTKERNELAPI NTSTATUS NTAPI PsTerminateSystemThread(NTSTATUS ExitStatus)
{
    DDI_ENTER(PsTerminateSystemThread, NULL);
    ke_thread_exit(ExitStatus);
}

NTKERNELAPI HANDLE NTAPI PsGetCurrentThreadId(VOID)
{
    return (HANDLE)(ULONG_PTR)(ke_thread_id(ke_thread_current()) * 4);
}

NTKERNELAPI HANDLE NTAPI PsGetThreadId(PETHREAD Thread)
{
    return (HANDLE)(ULONG_PTR)(ke_thread_id((ke_thread *)Thread) * 4);
}

NTKERNELAPI BOOLEAN NTAPI PsIsSystemThread(PETHREAD Thread)
{
    (void)Thread;
    return TRUE;
}
