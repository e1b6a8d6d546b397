/* SPDX-License-Identifier: MIT */
/* ddi/ddi_thread.c - system threads as drivers see them: life, priority, affinity. */
#include "ddi/ddi.h"
#include "io/ob.h"
#include "io/thread.h"
#include "ke/ke.h"

enum { PRIORITY_OF_SYSTEM_THREADS = 8, SYSTEM_PROCESS_ID = 4 };

/* Not for a thread object (THR-008). */
#define FORBIDDEN_ATTRIBUTES (OBJ_PERMANENT | OBJ_EXCLUSIVE | OBJ_OPENIF)

static HANDLE id_of(const ke_thread *t)
{
    return (HANDLE)(ULONG_PTR)(ke_thread_id(t) * 4);
}

/* ---- life ---- */

static bool are_valid(POBJECT_ATTRIBUTES attributes)
{
    return !attributes || !(attributes->Attributes & FORBIDDEN_ATTRIBUTES);
}

/* The reference that came with the thread goes; the handle has one. */
static NTSTATUS hand_out(ke_thread *t, PHANDLE handle, PCLIENT_ID client)
{
    if (!t)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = ob_handle_create(t, handle);

    if (client) {
        client->UniqueProcess = (HANDLE)(ULONG_PTR)SYSTEM_PROCESS_ID;
        client->UniqueThread = id_of(t);
    }
    ke_thread_dereference(t);
    return status;
}

/* The thread begins in a critical region, with priority 8, and may run on any processor (THR-001, THR-003, THR-005). */
NTKERNELAPI NTSTATUS NTAPI PsCreateSystemThread(PHANDLE ThreadHandle, ULONG DesiredAccess,
    POBJECT_ATTRIBUTES ObjectAttributes, HANDLE ProcessHandle, PCLIENT_ID ClientId, PKSTART_ROUTINE StartRoutine,
    PVOID StartContext)
{
    DDI_ENTER(PsCreateSystemThread, StartContext);
    (void)DesiredAccess, (void)ProcessHandle; /* there is one process */
    NTSTATUS status = STATUS_INVALID_PARAMETER;

    if (are_valid(ObjectAttributes))
        status = hand_out(
            ke_thread_create_system(StartRoutine, StartContext, PRIORITY_OF_SYSTEM_THREADS), ThreadHandle, ClientId);
    DDI_LEAVE(PsCreateSystemThread, StartContext, status);
    return status;
}

/* The same, but the driver cannot be unloaded while the thread lives. */
NTKERNELAPI NTSTATUS NTAPI IoCreateSystemThread(PVOID IoObject, PHANDLE ThreadHandle, ULONG DesiredAccess,
    POBJECT_ATTRIBUTES ObjectAttributes, HANDLE ProcessHandle, PCLIENT_ID ClientId, PKSTART_ROUTINE StartRoutine,
    PVOID StartContext)
{
    DDI_ENTER(IoCreateSystemThread, IoObject);
    (void)DesiredAccess, (void)ProcessHandle;
    NTSTATUS status = STATUS_INVALID_PARAMETER;

    if (are_valid(ObjectAttributes))
        status = hand_out(io_thread_create(IoObject, StartRoutine, StartContext), ThreadHandle, ClientId);
    DDI_LEAVE(IoCreateSystemThread, IoObject, status);
    return status;
}

NTKERNELAPI NTSTATUS NTAPI PsTerminateSystemThread(NTSTATUS ExitStatus)
{
    DDI_ENTER(PsTerminateSystemThread, NULL);
    ke_thread_exit(ExitStatus);
}

/* ---- questions ---- */

NTKERNELAPI PKTHREAD NTAPI KeGetCurrentThread(VOID)
{
    return ke_thread_current();
}

NTKERNELAPI HANDLE NTAPI PsGetCurrentThreadId(VOID)
{
    return id_of(ke_thread_current());
}

NTKERNELAPI HANDLE NTAPI PsGetThreadId(PETHREAD Thread)
{
    return id_of((ke_thread *)Thread);
}

NTKERNELAPI HANDLE NTAPI PsGetCurrentProcessId(VOID)
{
    return (HANDLE)(ULONG_PTR)SYSTEM_PROCESS_ID;
}

NTKERNELAPI HANDLE NTAPI PsGetThreadProcessId(PETHREAD Thread)
{
    (void)Thread;
    return (HANDLE)(ULONG_PTR)SYSTEM_PROCESS_ID;
}

/* All threads are the system's: none has one. */
NTKERNELAPI PVOID NTAPI PsGetCurrentThreadTeb(VOID)
{
    return NULL;
}

NTKERNELAPI BOOLEAN NTAPI PsIsSystemThread(PETHREAD Thread)
{
    (void)Thread;
    return TRUE;
}

NTKERNELAPI BOOLEAN NTAPI IoIsSystemThread(PETHREAD Thread)
{
    return PsIsSystemThread(Thread);
}

NTKERNELAPI BOOLEAN NTAPI PsIsThreadTerminating(PETHREAD Thread)
{
    DDI_ENTER(PsIsThreadTerminating, Thread);
    return ke_thread_terminating((ke_thread *)Thread);
}

NTKERNELAPI NTSTATUS NTAPI PsGetThreadExitStatus(PETHREAD Thread)
{
    DDI_ENTER(PsGetThreadExitStatus, Thread);
    return ke_thread_exit_status((ke_thread *)Thread);
}

NTKERNELAPI LONGLONG NTAPI PsGetThreadCreateTime(PETHREAD Thread)
{
    return (LONGLONG)ke_thread_create_time((ke_thread *)Thread);
}

NTKERNELAPI NTSTATUS NTAPI PsLookupThreadByThreadId(HANDLE ThreadId, PETHREAD *Thread)
{
    DDI_ENTER(PsLookupThreadByThreadId, ThreadId);
    ULONG_PTR  id = (ULONG_PTR)ThreadId;
    ke_thread *t = id % 4 == 0 && id / 4 <= UINT32_MAX ? ke_thread_find((uint32_t)(id / 4)) : NULL;
    NTSTATUS   status = t ? STATUS_SUCCESS : id == 0 ? STATUS_INVALID_CID : STATUS_INVALID_PARAMETER;

    *Thread = (PETHREAD)t;
    DDI_LEAVE(PsLookupThreadByThreadId, ThreadId, status);
    return status;
}

/* ---- priority ---- */

/* LOW_PRIORITY is the idle threads' (THR-022). */
static void check_priority(PKTHREAD t, KPRIORITY priority, const void *caller)
{
    struct finding f = {.severity = priority == LOW_PRIORITY ? FINDING_WARNING : FINDING_STOP,
        .rule = "DT-H01",
        .object = t,
        .caller = caller};

    if (priority <= LOW_PRIORITY || priority > HIGH_PRIORITY)
        finding_raisef(&f, "a thread's priority is set to %d; drivers may use 1 to %d", (int)priority, HIGH_PRIORITY);
}

NTKERNELAPI KPRIORITY NTAPI KeSetPriorityThread(PKTHREAD Thread, KPRIORITY Priority)
{
    DDI_ENTER(KeSetPriorityThread, Thread);
    check_priority(Thread, Priority, __builtin_return_address(0));
    KPRIORITY before = ke_thread_priority_set(Thread, Priority);

    DDI_LEAVE(KeSetPriorityThread, Thread, before);
    return before;
}

NTKERNELAPI KPRIORITY NTAPI KeQueryPriorityThread(PKTHREAD Thread)
{
    DDI_ENTER_QUIET(KeQueryPriorityThread, Thread);
    return ke_thread_priority(Thread);
}

NTKERNELAPI LONG NTAPI KeSetBasePriorityThread(PKTHREAD Thread, LONG Increment)
{
    DDI_ENTER(KeSetBasePriorityThread, Thread);
    LONG before = ke_thread_base_set(Thread, Increment);

    DDI_LEAVE(KeSetBasePriorityThread, Thread, (uint32_t)before);
    return before;
}

/* ---- affinity: in group 0, where the routine names none ---- */

/* The bits of processors that there are not do no harm while one is there: Windows takes ~0 for all (THR-032). The
 * routines that name a group are strict. 0: invalid. */
static uint64_t in_group_0(KAFFINITY mask)
{
    return ke_affinity_in(0, mask & ke_group_mask(0));
}

/* In its group, whichever that was. */
NTKERNELAPI KAFFINITY NTAPI KeSetSystemAffinityThreadEx(KAFFINITY Affinity)
{
    uint64_t before;
    unsigned group;

    DDI_ENTER(KeSetSystemAffinityThreadEx, NULL);
    ke_affinity_set(in_group_0(Affinity), &before);
    before = ke_affinity_of(before, &group);
    DDI_LEAVE(KeSetSystemAffinityThreadEx, NULL, before);
    return before;
}

NTKERNELAPI VOID NTAPI KeSetSystemAffinityThread(KAFFINITY Affinity)
{
    uint64_t before;

    DDI_ENTER(KeSetSystemAffinityThread, NULL);
    ke_affinity_set(in_group_0(Affinity), &before);
    DDI_LEAVE(KeSetSystemAffinityThread, NULL, 0);
}

NTKERNELAPI VOID NTAPI KeRevertToUserAffinityThread(VOID)
{
    DDI_ENTER(KeRevertToUserAffinityThread, NULL);
    ke_affinity_revert(0);
    DDI_LEAVE(KeRevertToUserAffinityThread, NULL, 0);
}

/* affinity 0: mask was invalid, which changes nothing, or it was 0, which is the user affinity. */
static void revert_to(uint64_t affinity, KAFFINITY mask)
{
    if (affinity || mask == 0)
        ke_affinity_revert(affinity);
}

NTKERNELAPI VOID NTAPI KeRevertToUserAffinityThreadEx(KAFFINITY Affinity)
{
    DDI_ENTER(KeRevertToUserAffinityThreadEx, NULL);
    revert_to(in_group_0(Affinity), Affinity);
    DDI_LEAVE(KeRevertToUserAffinityThreadEx, NULL, 0);
}

/* Zeros in *PreviousAffinity: there was none, or nothing has changed (THR-035). */
NTKERNELAPI VOID NTAPI KeSetSystemGroupAffinityThread(PGROUP_AFFINITY Affinity, PGROUP_AFFINITY PreviousAffinity)
{
    uint64_t before;
    unsigned group;

    DDI_ENTER(KeSetSystemGroupAffinityThread, NULL);
    ke_affinity_set(ke_affinity_in(Affinity->Group, Affinity->Mask), &before);
    before = ke_affinity_of(before, &group);
    if (PreviousAffinity)
        *PreviousAffinity = (GROUP_AFFINITY){.Mask = before, .Group = (USHORT)group};
    DDI_LEAVE(KeSetSystemGroupAffinityThread, NULL, before);
}

NTKERNELAPI VOID NTAPI KeRevertToUserGroupAffinityThread(PGROUP_AFFINITY PreviousAffinity)
{
    DDI_ENTER(KeRevertToUserGroupAffinityThread, NULL);
    revert_to(ke_affinity_in(PreviousAffinity->Group, PreviousAffinity->Mask), PreviousAffinity->Mask);
    DDI_LEAVE(KeRevertToUserGroupAffinityThread, NULL, 0);
}
