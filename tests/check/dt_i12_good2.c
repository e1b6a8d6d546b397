/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Lock;
} EXTENSION, *PEXTENSION;

DRIVER_CANCEL Cancel;

static VOID Finish(PIRP Irp)
{
    Irp->IoStatus.Status = STATUS_CANCELLED;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
}

VOID Cancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PEXTENSION extension = DeviceObject->DeviceExtension;
    KIRQL      irql = Irp->CancelIrql, old;

    IoReleaseCancelSpinLock(irql);
    KeAcquireSpinLock(&extension->Lock, &old);
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLock(&extension->Lock, old);
    Finish(Irp);
}
