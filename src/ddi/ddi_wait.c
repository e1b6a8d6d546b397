/* SPDX-License-Identifier: MIT */
/* ddi/ddi_wait.c - dispatcher objects and waits as drivers see them. */
#include "ddi/ddi.h"
#include "ke/ke.h"

/* ---- events ---- */

NTKERNELAPI VOID NTAPI KeInitializeEvent(PRKEVENT Event, EVENT_TYPE Type, BOOLEAN State)
{
    DDI_ENTER_QUIET(KeInitializeEvent, Event);
    ke_event_init(Event, Type, State);
}

NTKERNELAPI LONG NTAPI KeSetEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait)
{
    DDI_ENTER(KeSetEvent, Event);
    if (Wait && mach_irql() > APC_LEVEL)
        ddi_irql_violation(DDI_KeSetEvent, mach_irql(), __builtin_return_address(0));
    LONG before = ke_event_set(Event, Increment);

    DDI_LEAVE(KeSetEvent, Event, before);
    return before;
}

NTKERNELAPI LONG NTAPI KePulseEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait)
{
    DDI_ENTER(KePulseEvent, Event);
    (void)Wait;
    LONG before = ke_event_pulse(Event, Increment);

    DDI_LEAVE(KePulseEvent, Event, before);
    return before;
}

NTKERNELAPI LONG NTAPI KeResetEvent(PRKEVENT Event)
{
    DDI_ENTER(KeResetEvent, Event);
    LONG before = ke_event_reset(Event);

    DDI_LEAVE(KeResetEvent, Event, before);
    return before;
}

NTKERNELAPI VOID NTAPI KeClearEvent(PRKEVENT Event)
{
    DDI_ENTER(KeClearEvent, Event);
    ke_event_reset(Event);
    DDI_LEAVE(KeClearEvent, Event, 0);
}

static LONG state_of(const DISPATCHER_HEADER *h)
{
    return __atomic_load_n(&h->SignalState, __ATOMIC_RELAXED);
}

NTKERNELAPI LONG NTAPI KeReadStateEvent(PRKEVENT Event)
{
    DDI_ENTER(KeReadStateEvent, Event);
    LONG state = state_of(&Event->Header);

    DDI_LEAVE(KeReadStateEvent, Event, state);
    return state;
}

/* ---- semaphores ---- */

NTKERNELAPI VOID NTAPI KeInitializeSemaphore(PRKSEMAPHORE Semaphore, LONG Count, LONG Limit)
{
    DDI_ENTER_QUIET(KeInitializeSemaphore, Semaphore);
    ke_semaphore_init(Semaphore, Count, Limit);
}

NTKERNELAPI LONG NTAPI KeReleaseSemaphore(PRKSEMAPHORE Semaphore, KPRIORITY Increment, LONG Adjustment, BOOLEAN Wait)
{
    DDI_ENTER(KeReleaseSemaphore, Semaphore);
    (void)Wait;
    LONG before = ke_semaphore_release(Semaphore, Increment, Adjustment);

    DDI_LEAVE(KeReleaseSemaphore, Semaphore, before);
    return before;
}

NTKERNELAPI LONG NTAPI KeReadStateSemaphore(PRKSEMAPHORE Semaphore)
{
    DDI_ENTER(KeReadStateSemaphore, Semaphore);
    LONG state = state_of(&Semaphore->Header);

    DDI_LEAVE(KeReadStateSemaphore, Semaphore, state);
    return state;
}

/* ---- mutexes ---- */

NTKERNELAPI VOID NTAPI KeInitializeMutex(PRKMUTEX Mutex, ULONG Level)
{
    DDI_ENTER_QUIET(KeInitializeMutex, Mutex);
    (void)Level;
    ke_mutex_init(Mutex, true);
}

NTKERNELAPI LONG NTAPI KeReleaseMutex(PRKMUTEX Mutex, BOOLEAN Wait)
{
    DDI_ENTER(KeReleaseMutex, Mutex);
    (void)Wait;
    LONG before = ke_mutex_release(Mutex, false);

    DDI_LEAVE(KeReleaseMutex, Mutex, before);
    return before;
}

NTKERNELAPI LONG NTAPI KeReadStateMutex(PRKMUTEX Mutex)
{
    DDI_ENTER(KeReadStateMutex, Mutex);
    LONG state = state_of(&Mutex->Header);

    DDI_LEAVE(KeReadStateMutex, Mutex, state);
    return state;
}

/* ---- waits ---- */

static const int64_t *timeout_of(const LARGE_INTEGER *t, int64_t *copy)
{
    if (!t)
        return NULL;
    *copy = t->QuadPart;
    return copy;
}

NTKERNELAPI NTSTATUS NTAPI KeWaitForSingleObject(
    PVOID Object, KWAIT_REASON WaitReason, KPROCESSOR_MODE WaitMode, BOOLEAN Alertable, PLARGE_INTEGER Timeout)
{
    DDI_ENTER(KeWaitForSingleObject, Object);
    int64_t        copy;
    struct ke_wait w = {.count = 1,
        .objects = &Object,
        .type = WaitAny,
        .reason = WaitReason,
        .mode = WaitMode,
        .alertable = Alertable,
        .timeout = timeout_of(Timeout, &copy)};
    NTSTATUS       status = ke_wait(&w);

    DDI_LEAVE(KeWaitForSingleObject, Object, status);
    return status;
}

/* WAI: too many objects, or more than the thread's own blocks serve and none given. */
static void check_count(ULONG count, const KWAIT_BLOCK *blocks)
{
    uint64_t p[4] = {count, 0, 0, 0};

    if (count == 0 || count > MAXIMUM_WAIT_OBJECTS || (!blocks && count > THREAD_WAIT_OBJECTS))
        ke_bugcheckf("DT-W09", 0x0C, p, "a wait for %u objects %s", (unsigned)count,
            count > MAXIMUM_WAIT_OBJECTS || count == 0 ? "is not possible" : "needs a wait block array");
}

NTKERNELAPI NTSTATUS NTAPI KeWaitForMultipleObjects(ULONG Count, PVOID Object[], WAIT_TYPE WaitType,
    KWAIT_REASON WaitReason, KPROCESSOR_MODE WaitMode, BOOLEAN Alertable, PLARGE_INTEGER Timeout,
    PKWAIT_BLOCK WaitBlockArray)
{
    DDI_ENTER(KeWaitForMultipleObjects, Object[0]);
    check_count(Count, WaitBlockArray);
    int64_t        copy;
    struct ke_wait w = {.count = Count,
        .objects = Object,
        .type = WaitType,
        .reason = WaitReason,
        .mode = WaitMode,
        .alertable = Alertable,
        .timeout = timeout_of(Timeout, &copy),
        .blocks = WaitBlockArray};
    NTSTATUS       status = ke_wait(&w);

    DDI_LEAVE(KeWaitForMultipleObjects, NULL, status);
    return status;
}

NTKERNELAPI NTSTATUS NTAPI KeDelayExecutionThread(KPROCESSOR_MODE WaitMode, BOOLEAN Alertable, PLARGE_INTEGER Interval)
{
    DDI_ENTER(KeDelayExecutionThread, NULL);
    NTSTATUS status = ke_delay(Alertable, WaitMode, Interval->QuadPart);

    DDI_LEAVE(KeDelayExecutionThread, NULL, status);
    return status;
}
