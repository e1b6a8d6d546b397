/* SPDX-License-Identifier: MIT */
/* ddi/ddi_io_misc.c - error log entries, power requests, and small questions to the I/O manager. */
#include "ddi/ddi.h"
#include "io/priv.h"
#include "io/startio.h"

#define ERROR_LOG_TAG 0x20724549u /* 'IEr ' */

/* ---- error log: entries are noted in the trace ---- */

NTKERNELAPI PVOID NTAPI IoAllocateErrorLogEntry(PVOID IoObject, UCHAR EntrySize)
{
    DDI_ENTER(IoAllocateErrorLogEntry, IoObject);
    void *p = NULL;

    if (EntrySize >= sizeof(IO_ERROR_LOG_PACKET) && EntrySize <= ERROR_LOG_MAXIMUM_SIZE)
        p = ex_pool_alloc(EX_POOL_NX | EX_POOL_ZERO, EntrySize, ERROR_LOG_TAG, __builtin_return_address(0));
    DDI_LEAVE(IoAllocateErrorLogEntry, IoObject, (uintptr_t)p);
    return p;
}

NTKERNELAPI VOID NTAPI IoFreeErrorLogEntry(PVOID ElEntry)
{
    DDI_ENTER(IoFreeErrorLogEntry, ElEntry);
    ex_pool_free(ElEntry, ERROR_LOG_TAG, __builtin_return_address(0));
    DDI_LEAVE(IoFreeErrorLogEntry, ElEntry, 0);
}

NTKERNELAPI VOID NTAPI IoWriteErrorLogEntry(PVOID ElEntry)
{
    DDI_ENTER(IoWriteErrorLogEntry, ElEntry);
    ev(EV_NOTE, "error log entry written", 0, 0, 0);
    ex_pool_free(ElEntry, ERROR_LOG_TAG, __builtin_return_address(0));
    DDI_LEAVE(IoWriteErrorLogEntry, ElEntry, 0);
}

/* ---- power: since Windows Vista power IRPs travel like any other ---- */

NTKERNELAPI NTSTATUS NTAPI PoCallDriver(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    DDI_ENTER(PoCallDriver, Irp);
    NTSTATUS status = io_call_driver(DeviceObject, Irp);

    DDI_LEAVE(PoCallDriver, Irp, status);
    return status;
}

/* nf-wdm-postartnextpowerirp: does nothing since Windows Vista. */
NTKERNELAPI VOID NTAPI PoStartNextPowerIrp(PIRP Irp)
{
    DDI_ENTER(PoStartNextPowerIrp, Irp);
    DDI_LEAVE(PoStartNextPowerIrp, Irp, 0);
}

/* ---- device queues ---- */

NTKERNELAPI PKDEVICE_QUEUE_ENTRY NTAPI KeRemoveByKeyDeviceQueueIfBusy(PKDEVICE_QUEUE DeviceQueue, ULONG SortKey)
{
    DDI_ENTER(KeRemoveByKeyDeviceQueueIfBusy, DeviceQueue);
    PKDEVICE_QUEUE_ENTRY e = io_queue_remove_if_busy(DeviceQueue, &SortKey);

    DDI_LEAVE(KeRemoveByKeyDeviceQueueIfBusy, DeviceQueue, (uintptr_t)e);
    return e;
}
