/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

IO_TIMER_ROUTINE  Tick;
DRIVER_ADD_DEVICE AddDevice;

static NTSTATUS Prepare(PDEVICE_OBJECT DeviceObject)
{
    return IoInitializeTimer(DeviceObject, Tick, NULL);
}

NTSTATUS AddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT Pdo)
{
    PDEVICE_OBJECT device;
    NTSTATUS       status = IoCreateDevice(DriverObject, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);

    UNREFERENCED_PARAMETER(Pdo);
    return NT_SUCCESS(status) ? Prepare(device) : status;
}
