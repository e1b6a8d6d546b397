/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Lock, QueuedLock;
    LONG       Count;
} EXTENSION, *PEXTENSION;

static KSPIN_LOCK global;

KDEFERRED_ROUTINE Dpc;
DRIVER_CANCEL     Cancel;

#define LOCK(e, irql) KeAcquireSpinLock(&(e)->Lock, (irql))

_IRQL_requires_max_(DISPATCH_LEVEL) VOID Loop(PEXTENSION Extension)
{
    KIRQL old;

    for (int i = 0; i < 2; i++)
        LOCK(Extension, &old); // expect: DT-L01
    KeReleaseSpinLock(&Extension->Lock, old);
}

static VOID Count(PLONG Value)
{
    KeAcquireSpinLockAtDpcLevel(&global); // expect: DT-L01
    *Value += 1;
    KeReleaseSpinLockFromDpcLevel(&global);
}

VOID Dpc(PKDPC Self, PVOID Context, PVOID A1, PVOID A2)
{
    UNREFERENCED_PARAMETER(Self);
    UNREFERENCED_PARAMETER(A1);
    UNREFERENCED_PARAMETER(A2);
    KeAcquireSpinLockAtDpcLevel(&global);
    if (A1)
        Count(Context);
    KeReleaseSpinLockFromDpcLevel(&global);
}

_IRQL_requires_max_(DISPATCH_LEVEL) VOID Queued(PEXTENSION Extension)
{
    KLOCK_QUEUE_HANDLE first, second;

    KeAcquireInStackQueuedSpinLock(&Extension->QueuedLock, &first);
    KeAcquireInStackQueuedSpinLock(&Extension->QueuedLock, &second); // expect: DT-L01
    KeReleaseInStackQueuedSpinLock(&second);
    KeReleaseInStackQueuedSpinLock(&first);
}

VOID Cancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    KIRQL old;

    UNREFERENCED_PARAMETER(DeviceObject);
    IoAcquireCancelSpinLock(&old); // expect: DT-L01
    IoReleaseCancelSpinLock(Irp->CancelIrql);
}

_Requires_lock_held_(Extension->Lock) _IRQL_requires_(DISPATCH_LEVEL) VOID UnderLock(PEXTENSION Extension)
{
    KeAcquireSpinLockAtDpcLevel(&Extension->Lock); // expect: DT-L01
    KeReleaseSpinLockFromDpcLevel(&Extension->Lock);
}
