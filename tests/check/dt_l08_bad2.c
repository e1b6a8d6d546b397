/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Lock, QueuedLock;
    LONG       Count;
} EXTENSION, *PEXTENSION;

IO_WORKITEM_ROUTINE Work;
KSTART_ROUTINE      Thread;

static VOID Count(PEXTENSION Extension)
{
    KLOCK_QUEUE_HANDLE handle;

    KeAcquireInStackQueuedSpinLockAtDpcLevel(&Extension->QueuedLock, &handle); // expect: DT-L08
    Extension->Count++;
    KeReleaseInStackQueuedSpinLockFromDpcLevel(&handle); // expect: DT-L08
}

VOID Work(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    Count(DeviceObject->DeviceExtension);
}

VOID Thread(PVOID Context)
{
    PEXTENSION extension = Context;
    KIRQL      old;

    KeRaiseIrql(APC_LEVEL, &old);
    if (KeTryToAcquireSpinLockAtDpcLevel(&extension->Lock)) // expect: DT-L08
        KeReleaseSpinLockFromDpcLevel(&extension->Lock);    // expect: DT-L08
    KeLowerIrql(old);
}
