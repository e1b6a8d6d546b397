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
    KeSetTimer(&Extension->Timer, due, &Extension->Dpc);
}

/* Another pointer to the same extension. */
static VOID InitTimer(PDEVICE_OBJECT Device)
{
    PEXTENSION extension = Device->DeviceExtension;

    IoRegisterShutdownNotification(Device);
    extension = Device->DeviceExtension;
    KeInitializeTimer(&extension->Timer);
    KeInitializeDpc(&extension->Dpc, Tick, extension);
}

NTSTATUS AddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject)
{
    PDEVICE_OBJECT device;
    PEXTENSION     extension;
    NTSTATUS status = IoCreateDevice(DriverObject, sizeof(EXTENSION), NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);

    UNREFERENCED_PARAMETER(PhysicalDeviceObject);
    if (!NT_SUCCESS(status))
        return status;
    InitTimer(device);
    IoRegisterShutdownNotification(device);
    extension = device->DeviceExtension;
    Start(extension);
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}
