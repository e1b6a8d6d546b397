/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    IO_REMOVE_LOCK RemoveLock;
    PDEVICE_OBJECT Lower;
} EXTENSION, *PEXTENSION;

_Dispatch_type_(IRP_MJ_DEVICE_CONTROL) DRIVER_DISPATCH Control;

NTSTATUS Control(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PEXTENSION extension = DeviceObject->DeviceExtension;
    NTSTATUS   status = IoAcquireRemoveLock(&extension->RemoveLock, Irp);

    if (NT_SUCCESS(status) && IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.IoControlCode == 0x222000) {
        Irp->IoStatus.Status = STATUS_SUCCESS;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        return STATUS_SUCCESS; // expect: DT-L15
    }
    if (!NT_SUCCESS(status)) {
        Irp->IoStatus.Status = status;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        return status;
    }
    IoSkipCurrentIrpStackLocation(Irp);
    status = IoCallDriver(extension->Lower, Irp);
    IoReleaseRemoveLock(&extension->RemoveLock, Irp);
    return status;
}
