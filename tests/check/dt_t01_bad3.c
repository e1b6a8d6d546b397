/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KTIMER     Timer;
    KDPC       Dpc;
    KSPIN_LOCK Lock;
    LONG       Count;
} EXTENSION, *PEXTENSION;

KDEFERRED_ROUTINE Tick;
DRIVER_ADD_DEVICE AddDevice;

VOID Tick(PKDPC Dpc, PVOID Context, PVOID One, PVOID Two)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(One);
    UNREFERENCED_PARAMETER(Two);
    InterlockedIncrement(&((PEXTENSION)Context)->Count);
}

static VOID Start(PEXTENSION Extension)
{
    LARGE_INTEGER due;

    due.QuadPart = -10 * 1000 * 1000;
    KeSetTimer(&Extension->Timer, due, &Extension->Dpc); // expect: DT-T01
}

NTSTATUS AddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject)
{
    PDEVICE_OBJECT device;
    PEXTENSION     extension;
    NTSTATUS status = IoCreateDevice(DriverObject, sizeof(EXTENSION), NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);

    UNREFERENCED_PARAMETER(PhysicalDeviceObject);
    if (!NT_SUCCESS(status))
        return status;
    extension = device->DeviceExtension;
    KeInitializeDpc(&extension->Dpc, Tick, extension);
    Start(extension);
    KeInitializeTimer(&extension->Timer);
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}
