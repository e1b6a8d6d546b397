/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KTIMER     Timer;
    KDPC       Dpc;
    KSEMAPHORE Semaphore;
} EXTENSION, *PEXTENSION;

#define IS_SET(t) ((t)->Header.Inserted)

BOOLEAN Peek(PEXTENSION Extension, PDEVICE_OBJECT DeviceObject)
{
    PKDPC dpc = &DeviceObject->Dpc; // expect: DT-R05

    dpc->DeferredContext = Extension; // expect: DT-R05
    if (Extension->Timer.Period)      // expect: DT-R05
        return TRUE;
    if (IS_SET(&Extension->Timer)) // expect: DT-R05
        return TRUE;
    return Extension->Semaphore.Limit > 1; // expect: DT-R05
}

VOID Unlink(PDEVICE_OBJECT DeviceObject, PDRIVER_OBJECT DriverObject)
{
    DeviceObject->DriverObject++;               // expect: DT-R05
    DriverObject->DeviceObject->NextDevice = 0; // expect: DT-R05
    DriverObject->HardwareDatabase = 0;         // expect: DT-R05
}
