/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Lock;
    LONG       Count;
} EXTENSION, *PEXTENSION;

DRIVER_DISPATCH      Write;
KSYNCHRONIZE_ROUTINE Synchronize;

NTSTATUS Write(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PEXTENSION extension = DeviceObject->DeviceExtension;
    NTSTATUS   status = STATUS_SUCCESS;
    KIRQL      old;

    KeAcquireSpinLock(&extension->Lock, &old);
    if (extension->Count == 0)
        status = STATUS_DEVICE_NOT_READY;
    KeReleaseSpinLock(&extension->Lock, old);
    Irp->IoStatus.Status = status;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return status;
}

BOOLEAN Synchronize(PVOID Context)
{
    PEXTENSION extension = Context;

    extension->Count++;
    return TRUE;
}
