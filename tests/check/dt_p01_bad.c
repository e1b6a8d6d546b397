/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

DRIVER_DISPATCH Pnp;

struct extension {
    PDEVICE_OBJECT Lower;
};

NTSTATUS Pnp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    struct extension *extension = DeviceObject->DeviceExtension;

    IoSkipCurrentIrpStackLocation(Irp);
    IoCallDriver(extension->Lower, Irp);
    return STATUS_SUCCESS; // expect: DT-P01
}
