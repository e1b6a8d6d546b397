/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK First, Second;
    ULONG      Count;
} EXTENSION, *PEXTENSION;

VOID Both(PEXTENSION Extension)
{
    KLOCK_QUEUE_HANDLE first, second;

    KeAcquireInStackQueuedSpinLock(&Extension->First, &first);
    KeAcquireInStackQueuedSpinLock(&Extension->Second, &second);
    Extension->Count++;
    KeReleaseInStackQueuedSpinLock(&second);
    KeReleaseInStackQueuedSpinLock(&first);
}

KDEFERRED_ROUTINE AnyOrder;

/* At DISPATCH_LEVEL all the same. */
VOID AnyOrder(PKDPC Dpc, PVOID Context, PVOID One, PVOID Two)
{
    PEXTENSION         extension = Context;
    KLOCK_QUEUE_HANDLE first, second;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(One);
    UNREFERENCED_PARAMETER(Two);
    KeAcquireInStackQueuedSpinLock(&extension->First, &first);
    KeAcquireInStackQueuedSpinLock(&extension->Second, &second);
    KeReleaseInStackQueuedSpinLock(&first);
    KeReleaseInStackQueuedSpinLock(&second);
}
