/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KTIMER Timer;
    KDPC   Dpc;
    ULONG  Period;
} EXTENSION, *PEXTENSION;

DRIVER_UNLOAD Unload;

BOOLEAN Peek(PEXTENSION Extension, PDEVICE_OBJECT DeviceObject)
{
    DeviceObject->Flags |= DO_BUFFERED_IO;
    DeviceObject->Flags &= ~DO_DEVICE_INITIALIZING;
    return Extension->Period && KeReadStateTimer(&Extension->Timer) && DeviceObject->StackSize > 1;
}

VOID Unload(PDRIVER_OBJECT DriverObject)
{
    PDEVICE_OBJECT device = DriverObject->DeviceObject;

    while (device) {
        PDEVICE_OBJECT next = device->NextDevice;

        IoDeleteDevice(device);
        device = next;
    }
}
