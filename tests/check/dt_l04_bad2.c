/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Lock, QueuedLock;
    LONG       Count;
} EXTENSION, *PEXTENSION;

EXT_CALLBACK          Expired;
IO_COMPLETION_ROUTINE Completed;
DRIVER_CANCEL         Cancel;
KSTART_ROUTINE        Thread;

static VOID Lock(PEXTENSION Extension)
{
    KeAcquireSpinLockAtDpcLevel(&Extension->Lock);
}

VOID Expired(PEX_TIMER Timer, PVOID Context)
{
    PEXTENSION extension = Context;

    UNREFERENCED_PARAMETER(Timer);
    Lock(extension);
    extension->Count++;
} // expect: DT-L04

NTSTATUS Completed(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PEXTENSION         extension = Context;
    KLOCK_QUEUE_HANDLE handle;

    UNREFERENCED_PARAMETER(DeviceObject);
    KeAcquireInStackQueuedSpinLock(&extension->QueuedLock, &handle);
    if (NT_SUCCESS(Irp->IoStatus.Status))
        KeReleaseInStackQueuedSpinLock(&handle);
    return STATUS_SUCCESS; // expect: DT-L04
}

VOID Cancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    if (Irp->Cancel)
        return; // expect: DT-L04
    IoReleaseCancelSpinLock(Irp->CancelIrql);
}

VOID Thread(PVOID Context)
{
    PEXTENSION extension = Context;
    KIRQL      old;

    while (extension->Count > 0) {
        KeAcquireSpinLock(&extension->Lock, &old);
        if (--extension->Count == 0)
            break;
        KeReleaseSpinLock(&extension->Lock, old);
    }
} // expect: DT-L04
