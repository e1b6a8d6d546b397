/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK    Lock;
    KDEVICE_QUEUE Queue;
} EXTENSION, *PEXTENSION;

typedef _IRQL_requires_min_(DISPATCH_LEVEL) VOID PUSH(PVOID Context);

DRIVER_UNLOAD       Unload;
IO_WORKITEM_ROUTINE Work;

static VOID Next(PDEVICE_OBJECT DeviceObject)
{
    IoStartNextPacket(DeviceObject, FALSE); // expect: DT-I02
}

VOID Work(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    Next(DeviceObject);
}

_IRQL_requires_max_(APC_LEVEL) VOID ThroughPointer(PUSH *Push, PVOID Context)
{
    Push(Context); // expect: DT-I02
}

_IRQL_requires_max_(PASSIVE_LEVEL) VOID TooLate(PEXTENSION Extension, PKDEVICE_QUEUE_ENTRY Entry)
{
    KIRQL old;

    KeAcquireSpinLock(&Extension->Lock, &old);
    KeReleaseSpinLock(&Extension->Lock, old);
    KeInsertDeviceQueue(&Extension->Queue, Entry); // expect: DT-I02
}
