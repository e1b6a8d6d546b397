/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    PDEVICE_OBJECT Lower;
    ULONG          State;
} EXTENSION, *PEXTENSION;

DRIVER_DISPATCH Pnp, Power;

static NTSTATUS Forward(PEXTENSION Extension, PIRP Irp)
{
    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(Extension->Lower, Irp);
}

NTSTATUS Pnp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PEXTENSION extension = DeviceObject->DeviceExtension;
    NTSTATUS   status = Forward(extension, Irp);

    if (!NT_SUCCESS(status))
        extension->State = 1;
    return STATUS_SUCCESS; // expect: DT-P01
}

NTSTATUS Power(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PEXTENSION extension = DeviceObject->DeviceExtension;
    NTSTATUS   status = STATUS_SUCCESS;

    PoStartNextPowerIrp(Irp);
    IoSkipCurrentIrpStackLocation(Irp);
    (VOID) PoCallDriver(extension->Lower, Irp);
    return status; // expect: DT-P01
}
