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
    KeReleaseInStackQueuedSpinLock(&first); // expect: DT-L12
    KeReleaseInStackQueuedSpinLock(&second);
}
