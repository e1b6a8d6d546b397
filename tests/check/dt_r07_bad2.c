/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

IO_TIMER_ROUTINE  Tick;
DRIVER_INITIALIZE DriverEntry;
DRIVER_DISPATCH   Pnp;

static NTSTATUS Prepare(PDEVICE_OBJECT DeviceObject)
{
    return IoInitializeTimer(DeviceObject, Tick, NULL); // expect: DT-R07
}

NTSTATUS Pnp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Irp);
    return Prepare(DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    return IoInitializeTimer(DriverObject->DeviceObject, Tick, NULL); // expect: DT-R07
}
