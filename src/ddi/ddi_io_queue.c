/* SPDX-License-Identifier: MIT */
/* ddi/ddi_io_queue.c - StartIo, device queues, IoTimer, cancel-safe queues and remove locks as drivers see them. */
#include "ddi/ddi.h"
#include "io/csq.h"
#include "io/removelock.h"
#include "io/startio.h"

/* ---- StartIo ---- */

NTKERNELAPI VOID NTAPI IoStartPacket(PDEVICE_OBJECT DeviceObject, PIRP Irp, PULONG Key, PDRIVER_CANCEL CancelFunction)
{
    DDI_ENTER(IoStartPacket, DeviceObject);
    io_start_packet(DeviceObject, Irp, Key, CancelFunction);
    DDI_LEAVE(IoStartPacket, DeviceObject, 0);
}

NTKERNELAPI VOID NTAPI IoStartNextPacket(PDEVICE_OBJECT DeviceObject, BOOLEAN Cancelable)
{
    DDI_ENTER(IoStartNextPacket, DeviceObject);
    io_start_next(DeviceObject, Cancelable, NULL);
    DDI_LEAVE(IoStartNextPacket, DeviceObject, 0);
}

NTKERNELAPI VOID NTAPI IoStartNextPacketByKey(PDEVICE_OBJECT DeviceObject, BOOLEAN Cancelable, ULONG Key)
{
    DDI_ENTER(IoStartNextPacketByKey, DeviceObject);
    unsigned old = ke_raise_to(DISPATCH_LEVEL);

    io_start_next(DeviceObject, Cancelable, &Key);
    mach_irql_lower(old);
    DDI_LEAVE(IoStartNextPacketByKey, DeviceObject, 0);
}

NTKERNELAPI VOID NTAPI IoSetStartIoAttributes(
    PDEVICE_OBJECT DeviceObject, BOOLEAN DeferredStartIo, BOOLEAN NonCancelable)
{
    DDI_ENTER(IoSetStartIoAttributes, DeviceObject);
    io_start_attributes(DeviceObject, DeferredStartIo, NonCancelable);
    DDI_LEAVE(IoSetStartIoAttributes, DeviceObject, 0);
}

/* ---- device queues ---- */

NTKERNELAPI VOID NTAPI KeInitializeDeviceQueue(PKDEVICE_QUEUE DeviceQueue)
{
    DDI_ENTER(KeInitializeDeviceQueue, DeviceQueue);
    io_queue_init(DeviceQueue);
    DDI_LEAVE(KeInitializeDeviceQueue, DeviceQueue, 0);
}

NTKERNELAPI BOOLEAN NTAPI KeInsertDeviceQueue(PKDEVICE_QUEUE DeviceQueue, PKDEVICE_QUEUE_ENTRY DeviceQueueEntry)
{
    DDI_ENTER(KeInsertDeviceQueue, DeviceQueue);
    BOOLEAN inserted = io_queue_insert(DeviceQueue, DeviceQueueEntry, NULL);

    DDI_LEAVE(KeInsertDeviceQueue, DeviceQueue, inserted);
    return inserted;
}

NTKERNELAPI BOOLEAN NTAPI KeInsertByKeyDeviceQueue(
    PKDEVICE_QUEUE DeviceQueue, PKDEVICE_QUEUE_ENTRY DeviceQueueEntry, ULONG SortKey)
{
    DDI_ENTER(KeInsertByKeyDeviceQueue, DeviceQueue);
    BOOLEAN inserted = io_queue_insert(DeviceQueue, DeviceQueueEntry, &SortKey);

    DDI_LEAVE(KeInsertByKeyDeviceQueue, DeviceQueue, inserted);
    return inserted;
}

NTKERNELAPI PKDEVICE_QUEUE_ENTRY NTAPI KeRemoveDeviceQueue(PKDEVICE_QUEUE DeviceQueue)
{
    DDI_ENTER(KeRemoveDeviceQueue, DeviceQueue);
    PKDEVICE_QUEUE_ENTRY e = io_queue_remove(DeviceQueue, NULL);

    DDI_LEAVE(KeRemoveDeviceQueue, DeviceQueue, (uintptr_t)e);
    return e;
}

NTKERNELAPI PKDEVICE_QUEUE_ENTRY NTAPI KeRemoveByKeyDeviceQueue(PKDEVICE_QUEUE DeviceQueue, ULONG SortKey)
{
    DDI_ENTER(KeRemoveByKeyDeviceQueue, DeviceQueue);
    PKDEVICE_QUEUE_ENTRY e = io_queue_remove(DeviceQueue, &SortKey);

    DDI_LEAVE(KeRemoveByKeyDeviceQueue, DeviceQueue, (uintptr_t)e);
    return e;
}

NTKERNELAPI BOOLEAN NTAPI KeRemoveEntryDeviceQueue(PKDEVICE_QUEUE DeviceQueue, PKDEVICE_QUEUE_ENTRY DeviceQueueEntry)
{
    DDI_ENTER(KeRemoveEntryDeviceQueue, DeviceQueue);
    BOOLEAN was = io_queue_remove_entry(DeviceQueue, DeviceQueueEntry);

    DDI_LEAVE(KeRemoveEntryDeviceQueue, DeviceQueue, was);
    return was;
}

/* ---- IoTimer ---- */

NTKERNELAPI NTSTATUS NTAPI IoInitializeTimer(PDEVICE_OBJECT DeviceObject, PIO_TIMER_ROUTINE TimerRoutine, PVOID Context)
{
    DDI_ENTER(IoInitializeTimer, DeviceObject);
    NTSTATUS status = io_timer_init(DeviceObject, TimerRoutine, Context);

    DDI_LEAVE(IoInitializeTimer, DeviceObject, status);
    return status;
}

NTKERNELAPI VOID NTAPI IoStartTimer(PDEVICE_OBJECT DeviceObject)
{
    DDI_ENTER(IoStartTimer, DeviceObject);
    io_timer_start(DeviceObject);
    DDI_LEAVE(IoStartTimer, DeviceObject, 0);
}

NTKERNELAPI VOID NTAPI IoStopTimer(PDEVICE_OBJECT DeviceObject)
{
    DDI_ENTER(IoStopTimer, DeviceObject);
    io_timer_stop(DeviceObject);
    DDI_LEAVE(IoStopTimer, DeviceObject, 0);
}

/* ---- cancel-safe queues ---- */

NTKERNELAPI NTSTATUS NTAPI IoCsqInitialize(PIO_CSQ Csq, PIO_CSQ_INSERT_IRP CsqInsertIrp,
    PIO_CSQ_REMOVE_IRP CsqRemoveIrp, PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp, PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock,
    PIO_CSQ_RELEASE_LOCK CsqReleaseLock, PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp)
{
    DDI_ENTER(IoCsqInitialize, Csq);
    *Csq = (IO_CSQ){IO_TYPE_CSQ, CsqInsertIrp, CsqRemoveIrp, CsqPeekNextIrp, CsqAcquireLock, CsqReleaseLock,
        CsqCompleteCanceledIrp, NULL};
    DDI_LEAVE(IoCsqInitialize, Csq, STATUS_SUCCESS);
    return STATUS_SUCCESS;
}

NTKERNELAPI NTSTATUS NTAPI IoCsqInitializeEx(PIO_CSQ Csq, PIO_CSQ_INSERT_IRP_EX CsqInsertIrp,
    PIO_CSQ_REMOVE_IRP CsqRemoveIrp, PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp, PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock,
    PIO_CSQ_RELEASE_LOCK CsqReleaseLock, PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp)
{
    DDI_ENTER(IoCsqInitializeEx, Csq);
    *Csq = (IO_CSQ){IO_TYPE_CSQ_EX, (PIO_CSQ_INSERT_IRP)(void *)CsqInsertIrp, CsqRemoveIrp, CsqPeekNextIrp,
        CsqAcquireLock, CsqReleaseLock, CsqCompleteCanceledIrp, NULL};
    DDI_LEAVE(IoCsqInitializeEx, Csq, STATUS_SUCCESS);
    return STATUS_SUCCESS;
}

NTKERNELAPI VOID NTAPI IoCsqInsertIrp(PIO_CSQ Csq, PIRP Irp, PIO_CSQ_IRP_CONTEXT Context)
{
    DDI_ENTER(IoCsqInsertIrp, Csq);
    io_csq_insert(Csq, Irp, Context, NULL);
    DDI_LEAVE(IoCsqInsertIrp, Csq, 0);
}

NTKERNELAPI NTSTATUS NTAPI IoCsqInsertIrpEx(PIO_CSQ Csq, PIRP Irp, PIO_CSQ_IRP_CONTEXT Context, PVOID InsertContext)
{
    DDI_ENTER(IoCsqInsertIrpEx, Csq);
    NTSTATUS status = io_csq_insert(Csq, Irp, Context, InsertContext);

    DDI_LEAVE(IoCsqInsertIrpEx, Csq, status);
    return status;
}

NTKERNELAPI PIRP NTAPI IoCsqRemoveIrp(PIO_CSQ Csq, PIO_CSQ_IRP_CONTEXT Context)
{
    DDI_ENTER(IoCsqRemoveIrp, Csq);
    PIRP irp = io_csq_remove(Csq, Context);

    DDI_LEAVE(IoCsqRemoveIrp, Csq, (uintptr_t)irp);
    return irp;
}

NTKERNELAPI PIRP NTAPI IoCsqRemoveNextIrp(PIO_CSQ Csq, PVOID PeekContext)
{
    DDI_ENTER(IoCsqRemoveNextIrp, Csq);
    PIRP irp = io_csq_remove_next(Csq, PeekContext);

    DDI_LEAVE(IoCsqRemoveNextIrp, Csq, (uintptr_t)irp);
    return irp;
}

/* ---- remove locks ---- */

NTKERNELAPI VOID NTAPI IoInitializeRemoveLockEx(
    PIO_REMOVE_LOCK Lock, ULONG AllocateTag, ULONG MaxLockedMinutes, ULONG HighWatermark, ULONG RemlockSize)
{
    DDI_ENTER(IoInitializeRemoveLockEx, Lock);
    (void)AllocateTag;
    io_remove_lock_init(Lock, RemlockSize, MaxLockedMinutes, HighWatermark);
    DDI_LEAVE(IoInitializeRemoveLockEx, Lock, 0);
}

NTKERNELAPI NTSTATUS NTAPI IoAcquireRemoveLockEx(
    PIO_REMOVE_LOCK RemoveLock, PVOID Tag, PCSTR File, ULONG Line, ULONG RemlockSize)
{
    DDI_ENTER(IoAcquireRemoveLockEx, RemoveLock);
    (void)File, (void)Line, (void)RemlockSize;
    NTSTATUS status = io_remove_lock_acquire(RemoveLock, Tag);

    DDI_LEAVE(IoAcquireRemoveLockEx, RemoveLock, status);
    return status;
}

NTKERNELAPI VOID NTAPI IoReleaseRemoveLockEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, ULONG RemlockSize)
{
    DDI_ENTER(IoReleaseRemoveLockEx, RemoveLock);
    (void)RemlockSize;
    io_remove_lock_release(RemoveLock, Tag);
    DDI_LEAVE(IoReleaseRemoveLockEx, RemoveLock, 0);
}

NTKERNELAPI VOID NTAPI IoReleaseRemoveLockAndWaitEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, ULONG RemlockSize)
{
    DDI_ENTER(IoReleaseRemoveLockAndWaitEx, RemoveLock);
    (void)RemlockSize;
    io_remove_lock_release_and_wait(RemoveLock, Tag);
    DDI_LEAVE(IoReleaseRemoveLockAndWaitEx, RemoveLock, 0);
}
