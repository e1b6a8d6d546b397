/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

DRIVER_CANCEL Helper, Variable;

static VOID Finish(PIRP Irp, KIRQL Irql)
{
    IoReleaseCancelSpinLock(Irql); // expect: DT-I12
    Irp->IoStatus.Status = STATUS_CANCELLED;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
}

VOID Helper(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    Finish(Irp, DISPATCH_LEVEL);
}

VOID Variable(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    KIRQL irql = KeGetCurrentIrql();

    UNREFERENCED_PARAMETER(DeviceObject);
    IoReleaseCancelSpinLock(irql); // expect: DT-I12
    Irp->IoStatus.Status = STATUS_CANCELLED;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
}
