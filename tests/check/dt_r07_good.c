/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

IO_TIMER_ROUTINE  Tick;
DRIVER_ADD_DEVICE AddDevice;

static NTSTATUS prepare(PDEVICE_OBJECT DeviceObject)
{
    return IoInitializeTimer(DeviceObject, Tick, NULL);
}

NTSTATUS AddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
    return prepare(PhysicalDeviceObject);
}
