/* SPDX-License-Identifier: MIT */
/* ddi/ddi_work.c - work items as drivers see them. */
#include "ddi/ddi.h"
#include "io/workitem.h"

NTKERNELAPI VOID NTAPI ExQueueWorkItem(PWORK_QUEUE_ITEM WorkItem, WORK_QUEUE_TYPE QueueType)
{
    DDI_ENTER(ExQueueWorkItem, WorkItem);
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
    io_work_queue(IoWorkItem, &call);
    DDI_LEAVE(IoQueueWorkItem, IoWorkItem, 0);
}

NTKERNELAPI VOID NTAPI IoQueueWorkItemEx(
    PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE_EX WorkerRoutine, WORK_QUEUE_TYPE QueueType, PVOID Context)
{
    const struct io_work_call call = {.routine_ex = WorkerRoutine, .context = Context, .type = QueueType};

    DDI_ENTER(IoQueueWorkItemEx, IoWorkItem);
    io_work_queue(IoWorkItem, &call);
    DDI_LEAVE(IoQueueWorkItemEx, IoWorkItem, 0);
}

NTKERNELAPI BOOLEAN NTAPI IoTryQueueWorkItem(
    PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE_EX WorkerRoutine, WORK_QUEUE_TYPE QueueType, PVOID Context)
{
    const struct io_work_call call = {.routine_ex = WorkerRoutine, .context = Context, .type = QueueType};

    DDI_ENTER(IoTryQueueWorkItem, IoWorkItem);
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
