/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

DRIVER_DISPATCH Read;

static VOID Leave(VOID)
{
    KeLeaveCriticalRegion();
}

NTSTATUS Read(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    KeEnterCriticalRegion();
    KeEnterCriticalRegion(); /* they nest */
    KeLeaveCriticalRegion();
    Leave();
    return STATUS_SUCCESS;
}
