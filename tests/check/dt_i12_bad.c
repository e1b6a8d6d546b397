/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

DRIVER_CANCEL Cancel;

VOID Cancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    IoReleaseCancelSpinLock(PASSIVE_LEVEL); // expect: DT-I12
    Irp->IoStatus.Status = STATUS_CANCELLED;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
}

/* Shows ANN-034. */
