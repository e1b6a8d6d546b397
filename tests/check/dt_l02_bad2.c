/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Lock, QueuedLock;
    LONG       Count;
} EXTENSION, *PEXTENSION;

DRIVER_DISPATCH Read;
EXT_CALLBACK    Expired;

static VOID Unlock(PEXTENSION Extension, KIRQL Old)
{
    KeReleaseSpinLock(&Extension->Lock, Old); // expect: DT-L02 DT-I02
}

NTSTATUS Read(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PEXTENSION extension = DeviceObject->DeviceExtension;
    KIRQL      old;

    UNREFERENCED_PARAMETER(Irp);
    KeAcquireSpinLock(&extension->Lock, &old);
    if (extension->Count == 0)
        KeReleaseSpinLock(&extension->Lock, old);
    Unlock(extension, old);
    return STATUS_SUCCESS;
}

VOID Expired(PEX_TIMER Timer, PVOID Context)
{
    PEXTENSION         extension = Context;
    KLOCK_QUEUE_HANDLE handle;

    UNREFERENCED_PARAMETER(Timer);
    if (extension->Count)
        KeAcquireInStackQueuedSpinLockAtDpcLevel(&extension->QueuedLock, &handle);
    KeReleaseInStackQueuedSpinLockFromDpcLevel(&handle); // expect: DT-L02
}

_IRQL_requires_(DISPATCH_LEVEL) VOID Wrong(PEXTENSION A, PKSPIN_LOCK B)
{
    KeAcquireSpinLockAtDpcLevel(&A->Lock);
    KeReleaseSpinLockFromDpcLevel(&A->Lock);
    KeAcquireSpinLockAtDpcLevel(B);
    KeReleaseSpinLockFromDpcLevel(B);
    KeReleaseSpinLockFromDpcLevel(B); // expect: DT-L02
}
