/* SPDX-License-Identifier: MIT */
/* ddi/ddi_work.c - work items as drivers see them. */
#include "ddi/ddi.h"
#include "ex/pool.h"
#include "io/workitem.h"

enum { PRIORITY_ADVISED_MAX = 16 };

static void warn_of_type(const void *item, const char *what, unsigned type, const void *caller)
{
    struct finding f = {.severity = FINDING_WARNING, .rule = "DT-K01", .object = item, .caller = caller};

    finding_raisef(&f, "a work item is queued with queue type %u: %s", type, what);
}

/* WRK-017: as urgent as what the system itself does. */
static void check_custom(const void *item, unsigned type, const void *caller)
{
    if (type > CustomPriorityWorkQueue + PRIORITY_ADVISED_MAX)
        warn_of_type(item, "a priority above 16 may be in the way of the system's own work", type, caller);
}

/* WRK-020 */
static void check_io_type(const void *item, unsigned type, const void *caller)
{
    if (type < MaximumWorkQueue && type != DelayedWorkQueue)
        warn_of_type(item, "drivers must specify DelayedWorkQueue or a custom priority", type, caller);
    check_custom(item, type, caller);
}

/* WRK-028: the system follows the item's links at DISPATCH_LEVEL. */
static void check_pageable(const WORK_QUEUE_ITEM *item)
{
    struct ex_pool_block block;
    uint64_t             p[4] = {0x131, (uintptr_t)item, 0, 0};

    if (ex_pool_find(item, &block) && (block.type & EX_POOL_PAGED))
        ke_violationf("DT-I10", DRIVER_VERIFIER_DETECTED_VIOLATION, p, "a work item lies in paged pool");
}

void ddi_work_memory_goes(const void *start, size_t bytes, const void *caller)
{
    const void    *queued = ex_work_queued_in(start, bytes), *initialized = io_work_initialized_in(start, bytes);
    uint64_t       p[4] = {0, (uintptr_t)queued, (uintptr_t)start, (uintptr_t)start + bytes};
    struct finding f = {.severity = FINDING_WARNING, .rule = "DT-K02", .object = initialized, .caller = caller};

    if (queued) /* WRK-008 */
        ke_bugcheckf(NULL, WORKER_INVALID, p, "memory is freed with work item %p in it, which is queued", queued);
    if (initialized) /* WRK-010 */
        finding_raisef(&f, "memory is freed with I/O work item %p in it, which is not uninitialized", initialized);
}

NTKERNELAPI VOID NTAPI ExQueueWorkItem(PWORK_QUEUE_ITEM WorkItem, WORK_QUEUE_TYPE QueueType)
{
    const void *caller = __builtin_return_address(0);

    DDI_ENTER(ExQueueWorkItem, WorkItem);
    if (QueueType == HyperCriticalWorkQueue) /* WRK-020 */
        warn_of_type(WorkItem, "HyperCriticalWorkQueue is the system's own", QueueType, caller);
    check_custom(WorkItem, QueueType, caller);
    check_pageable(WorkItem);
    ex_work_queue(WorkItem, QueueType);
    DDI_LEAVE(ExQueueWorkItem, WorkItem, 0);
}

NTKERNELAPI PIO_WORKITEM NTAPI IoAllocateWorkItem(PDEVICE_OBJECT DeviceObject)
{
    DDI_ENTER(IoAllocateWorkItem, DeviceObject);
    PIO_WORKITEM item = io_work_alloc(DeviceObject, __builtin_return_address(0));

    DDI_LEAVE(IoAllocateWorkItem, DeviceObject, (uintptr_t)item);
    return item;
}

NTKERNELAPI VOID NTAPI IoFreeWorkItem(PIO_WORKITEM IoWorkItem)
{
    DDI_ENTER(IoFreeWorkItem, IoWorkItem);
    io_work_free(IoWorkItem, __builtin_return_address(0));
    DDI_LEAVE(IoFreeWorkItem, IoWorkItem, 0);
}

NTKERNELAPI VOID NTAPI IoQueueWorkItem(
    PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE WorkerRoutine, WORK_QUEUE_TYPE QueueType, PVOID Context)
{
    const struct io_work_call call = {.routine = WorkerRoutine, .context = Context, .type = QueueType};

    DDI_ENTER(IoQueueWorkItem, IoWorkItem);
    check_io_type(IoWorkItem, QueueType, __builtin_return_address(0));
    io_work_queue(IoWorkItem, &call);
    DDI_LEAVE(IoQueueWorkItem, IoWorkItem, 0);
}

NTKERNELAPI VOID NTAPI IoQueueWorkItemEx(
    PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE_EX WorkerRoutine, WORK_QUEUE_TYPE QueueType, PVOID Context)
{
    const struct io_work_call call = {.routine_ex = WorkerRoutine, .context = Context, .type = QueueType};

    DDI_ENTER(IoQueueWorkItemEx, IoWorkItem);
    check_io_type(IoWorkItem, QueueType, __builtin_return_address(0));
    io_work_queue(IoWorkItem, &call);
    DDI_LEAVE(IoQueueWorkItemEx, IoWorkItem, 0);
}

NTKERNELAPI BOOLEAN NTAPI IoTryQueueWorkItem(
    PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE_EX WorkerRoutine, WORK_QUEUE_TYPE QueueType, PVOID Context)
{
    const struct io_work_call call = {.routine_ex = WorkerRoutine, .context = Context, .type = QueueType};

    DDI_ENTER(IoTryQueueWorkItem, IoWorkItem);
    check_io_type(IoWorkItem, QueueType, __builtin_return_address(0));
    BOOLEAN queued = io_work_try_queue(IoWorkItem, &call);

    DDI_LEAVE(IoTryQueueWorkItem, IoWorkItem, queued);
    return queued;
}

NTKERNELAPI VOID NTAPI IoInitializeWorkItem(PVOID IoObject, PIO_WORKITEM IoWorkItem)
{
    DDI_ENTER(IoInitializeWorkItem, IoWorkItem);
    io_work_init(IoObject, IoWorkItem);
    DDI_LEAVE(IoInitializeWorkItem, IoWorkItem, 0);
}

NTKERNELAPI VOID NTAPI IoUninitializeWorkItem(PIO_WORKITEM IoWorkItem)
{
    DDI_ENTER(IoUninitializeWorkItem, IoWorkItem);
    io_work_uninit(IoWorkItem);
    DDI_LEAVE(IoUninitializeWorkItem, IoWorkItem, 0);
}

NTKERNELAPI ULONG NTAPI IoSizeofWorkItem(VOID)
{
    return sizeof(struct _IO_WORKITEM);
}
