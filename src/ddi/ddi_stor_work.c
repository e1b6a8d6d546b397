/* SPDX-License-Identifier: MIT */
/* ddi/ddi_stor_work.c - StorPort's work items, threads, events and delays as miniports see them. */
#include "ddi/ddi_stor.h"

/* ---- work items ---- */

STORPORTAPI ULONG StorPortInitializeWorker(PVOID HwDeviceExtension, PVOID *Worker)
{
    STOR_ENTER_ANY(StorPortInitializeWorker, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortInitializeWorker, a, Worker, SP_OS_8);

    if (status == STOR_STATUS_SUCCESS)
        status = sp_worker_create(a, Worker);
    STOR_LEAVE(StorPortInitializeWorker, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortQueueWorkItem(
    PVOID HwDeviceExtension, PHW_WORKITEM WorkItemCallback, PVOID Worker, PVOID Context)
{
    STOR_ENTER_ANY(StorPortQueueWorkItem, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortQueueWorkItem, a, WorkItemCallback && Worker, SP_OS_8);

    if (status == STOR_STATUS_SUCCESS)
        status = sp_worker_queue(a, Worker, WorkItemCallback, Context);
    STOR_LEAVE(StorPortQueueWorkItem, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortFreeWorker(PVOID HwDeviceExtension, PVOID Worker)
{
    STOR_ENTER_ANY(StorPortFreeWorker, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortFreeWorker, a, Worker, SP_OS_8);

    if (status == STOR_STATUS_SUCCESS)
        status = sp_worker_free(a, Worker);
    STOR_LEAVE(StorPortFreeWorker, HwDeviceExtension, status);
}

/* ---- threads ---- */

STORPORTAPI ULONG StorPortCreateSystemThread(PVOID HwDeviceExtension, PSTOR_THREAD_START_ROUTINE StartRoutine,
    PVOID StartContext, PSTOR_THREAD_PRIORITY Priority, PVOID *ThreadContext)
{
    STOR_ENTER_ANY(StorPortCreateSystemThread, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortCreateSystemThread, a, StartRoutine, SP_OS_10_1809);

    if (status == STOR_STATUS_SUCCESS)
        status = sp_thread_create(a, StartRoutine, StartContext, Priority, ThreadContext);
    STOR_LEAVE(StorPortCreateSystemThread, HwDeviceExtension, status);
}

/* Returns only what stands in its way. */
STORPORTAPI ULONG StorPortTerminateSystemThread(PVOID HwDeviceExtension, PVOID ThreadContext)
{
    STOR_ENTER_ANY(StorPortTerminateSystemThread, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortTerminateSystemThread, a, true, SP_OS_10_1809);

    if (status == STOR_STATUS_SUCCESS && ThreadContext &&
        !(sp_thread_is(a, ThreadContext) && sp_thread_is_current(ThreadContext)))
        status = STOR_STATUS_INVALID_PARAMETER;
    if (status == STOR_STATUS_SUCCESS)
        sp_thread_end();
    STOR_LEAVE(StorPortTerminateSystemThread, HwDeviceExtension, status);
}

/* STX-027. */
STORPORTAPI ULONG StorPortSetPriorityThread(PVOID HwDeviceExtension, PVOID ThreadContext, STOR_THREAD_PRIORITY Priority)
{
    STOR_ENTER_ANY(StorPortSetPriorityThread, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortSetPriorityThread, a, ThreadContext, SP_OS_10_1809);

    if (status == STOR_STATUS_SUCCESS)
        status = sp_thread_priority(a, ThreadContext, Priority);
    STOR_LEAVE(StorPortSetPriorityThread, HwDeviceExtension, status);
}

static void group_affinity(uint64_t affinity, PSTOR_GROUP_AFFINITY out)
{
    unsigned group = 0;
    uint64_t mask = affinity ? ke_affinity_of(affinity, &group) : 0;

    *out = (STOR_GROUP_AFFINITY){.Mask = mask, .Group = (USHORT)group};
}

/* STX-028: an invalid affinity changes nothing, and *PreviousAffinity is zero. */
static ULONG set_affinity(const STOR_GROUP_AFFINITY *affinity, PSTOR_GROUP_AFFINITY previous)
{
    bool     reserved = affinity->Reserved[0] || affinity->Reserved[1] || affinity->Reserved[2];
    uint64_t mask = reserved ? 0 : ke_affinity_in(affinity->Group, affinity->Mask), before = 0;

    if (previous)
        *previous = (STOR_GROUP_AFFINITY){.Mask = 0};
    if (!mask || !ke_affinity_set(mask, &before))
        return STOR_STATUS_INVALID_PARAMETER;
    if (previous)
        group_affinity(before, previous);
    return STOR_STATUS_SUCCESS;
}

/* ThreadContext may only name the caller: the routine is documented for "the calling thread". */
STORPORTAPI ULONG StorPortSetSystemGroupAffinityThread(
    PVOID HwDeviceExtension, PVOID ThreadContext, PSTOR_GROUP_AFFINITY Affinity, PSTOR_GROUP_AFFINITY PreviousAffinity)
{
    STOR_ENTER_ANY(StorPortSetSystemGroupAffinityThread, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortSetSystemGroupAffinityThread, a, Affinity, SP_OS_10_1809);

    if (status == STOR_STATUS_SUCCESS && ThreadContext &&
        !(sp_thread_is(a, ThreadContext) && sp_thread_is_current(ThreadContext)))
        status = STOR_STATUS_INVALID_PARAMETER;
    if (status == STOR_STATUS_SUCCESS)
        status = set_affinity(Affinity, PreviousAffinity);
    STOR_LEAVE(StorPortSetSystemGroupAffinityThread, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortRevertToUserGroupAffinityThread(
    PVOID HwDeviceExtension, PVOID ThreadContext, PSTOR_GROUP_AFFINITY PreviousAffinity)
{
    STOR_ENTER_ANY(StorPortRevertToUserGroupAffinityThread, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortRevertToUserGroupAffinityThread, a, PreviousAffinity, SP_OS_10_1809);

    (void)ThreadContext;
    if (status == STOR_STATUS_SUCCESS)
        ke_affinity_revert(
            PreviousAffinity->Mask ? ke_affinity_in(PreviousAffinity->Group, PreviousAffinity->Mask) : 0);
    STOR_LEAVE(StorPortRevertToUserGroupAffinityThread, HwDeviceExtension, status);
}

/* ---- events ---- */

STORPORTAPI ULONG StorPortInitializeEvent(
    PVOID HwDeviceExtension, PSTOR_EVENT Event, STOR_EVENT_TYPE Type, BOOLEAN State)
{
    bool known = Type == StorNotificationEvent || Type == StorSynchronizationEvent;

    STOR_ENTER_ANY(StorPortInitializeEvent, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortInitializeEvent, a, Event && known, SP_OS_11);

    if (status == STOR_STATUS_SUCCESS)
        ke_event_init(
            (PKEVENT)Event, Type == StorNotificationEvent ? NotificationEvent : SynchronizationEvent, State != FALSE);
    STOR_LEAVE(StorPortInitializeEvent, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortSetEvent(PVOID HwDeviceExtension, PSTOR_EVENT Event)
{
    STOR_ENTER_ANY(StorPortSetEvent, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortSetEvent, a, Event, SP_OS_11);

    if (status == STOR_STATUS_SUCCESS)
        ke_event_set((PKEVENT)Event, IO_NO_INCREMENT);
    STOR_LEAVE(StorPortSetEvent, HwDeviceExtension, status);
}

/* STX-030: a wait that has run out of time is UNSUCCESSFUL; the page names no status for it. */
static ULONG wait(PVOID object, bool alertable, const int64_t *timeout)
{
    const struct ke_wait w = {.count = 1,
        .objects = &object,
        .type = WaitAll,
        .reason = Executive,
        .mode = KernelMode,
        .alertable = alertable,
        .timeout = timeout};

    return ke_wait(&w) == STATUS_SUCCESS ? STOR_STATUS_SUCCESS : STOR_STATUS_UNSUCCESSFUL;
}

STORPORTAPI ULONG StorPortWaitForSingleObject(
    PVOID HwDeviceExtension, PVOID Object, BOOLEAN Alertable, PLARGE_INTEGER Timeout)
{
    const void *caller = __builtin_return_address(0);
    bool        polls = Timeout && Timeout->QuadPart == 0;
    int64_t     t = Timeout ? Timeout->QuadPart : 0;

    STOR_ENTER_ANY(StorPortWaitForSingleObject, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortWaitForSingleObject, a, Object, SP_OS_11);

    if (status == STOR_STATUS_SUCCESS && !polls &&
        !stor_irql_fits(DDI_StorPortWaitForSingleObject, 0, APC_LEVEL, caller))
        status = STOR_STATUS_INVALID_IRQL;
    if (status == STOR_STATUS_SUCCESS && !polls)
        stor_start_io_stop(a, "StorPortWaitForSingleObject", caller);
    if (status == STOR_STATUS_SUCCESS)
        status = wait(Object, Alertable != FALSE, Timeout ? &t : NULL);
    STOR_LEAVE(StorPortWaitForSingleObject, HwDeviceExtension, status);
}

/* ---- delays ---- */

enum { STALL_MAX_US = 1000 };

/* STX-031. */
STORPORTAPI ULONG StorPortDelayExecution(PVOID HwDeviceExtension, ULONG DelayInMicroseconds)
{
    STOR_ENTER_ANY(StorPortDelayExecution, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortDelayExecution, a, true, SP_OS_10_1809);

    stor_start_io_stop(a, "StorPortDelayExecution", __builtin_return_address(0));
    if (status == STOR_STATUS_SUCCESS && mach_irql() < DISPATCH_LEVEL)
        ke_delay(false, KernelMode, -(int64_t)DelayInMicroseconds * 10);
    else if (status == STOR_STATUS_SUCCESS)
        ke_stall(DelayInMicroseconds * 1000ull);
    STOR_LEAVE(StorPortDelayExecution, HwDeviceExtension, status);
}

/* STX-032. It names no adapter. */
STORPORTAPI VOID StorPortStallExecution(ULONG Delay)
{
    DDI_ENTER_QUIET(StorPortStallExecution, NULL);
    stor_start_io_stop(NULL, "StorPortStallExecution", __builtin_return_address(0));
    if (Delay >= STALL_MAX_US)
        sp_warn("DT-S14", NULL, __builtin_return_address(0), "StorPortStallExecution is asked for %u microseconds",
            (unsigned)Delay);
    ev(EV_STALL, NULL, Delay * 1000ull, 0, 0);
    ke_stall(Delay * 1000ull);
    DDI_LEAVE_QUIET(StorPortStallExecution, NULL, 0);
}
