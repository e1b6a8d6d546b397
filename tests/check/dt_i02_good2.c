/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK    Lock;
    KDEVICE_QUEUE Queue;
} EXTENSION, *PEXTENSION;

IO_WORKITEM_ROUTINE Work;

VOID Work(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    KIRQL old;

    UNREFERENCED_PARAMETER(Context);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    IoStartNextPacket(DeviceObject, FALSE);
    KeLowerIrql(old);
}

_IRQL_requires_max_(DISPATCH_LEVEL) VOID Locked(PEXTENSION Extension, PKDEVICE_QUEUE_ENTRY Entry)
{
    KIRQL old;

    KeAcquireSpinLock(&Extension->Lock, &old);
    KeInsertDeviceQueue(&Extension->Queue, Entry);
    KeReleaseSpinLock(&Extension->Lock, old);
}
