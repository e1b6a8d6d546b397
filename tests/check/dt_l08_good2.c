/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Lock, Inner;
    LONG       Count;
} EXTENSION, *PEXTENSION;

IO_WORKITEM_ROUTINE Work;

static VOID Count(PEXTENSION Extension)
{
    KeAcquireSpinLockAtDpcLevel(&Extension->Inner);
    Extension->Count++;
    KeReleaseSpinLockFromDpcLevel(&Extension->Inner);
}

VOID Work(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    PEXTENSION extension = DeviceObject->DeviceExtension;
    KIRQL      old;

    UNREFERENCED_PARAMETER(Context);
    KeAcquireSpinLock(&extension->Lock, &old);
    Count(extension);
    KeReleaseSpinLock(&extension->Lock, old);
    old = KeRaiseIrqlToDpcLevel();
    Count(extension);
    KeLowerIrql(old);
}
