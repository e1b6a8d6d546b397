/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Lock, Other;
    LONG       Count;
} EXTENSION, *PEXTENSION;

_IRQL_requires_max_(DISPATCH_LEVEL) VOID Nested(PEXTENSION Extension)
{
    KLOCK_QUEUE_HANDLE outer, inner;

    KeAcquireInStackQueuedSpinLock(&Extension->Lock, &outer);
    KeAcquireInStackQueuedSpinLockAtDpcLevel(&Extension->Other, &inner);
    Extension->Count++;
    KeReleaseInStackQueuedSpinLockFromDpcLevel(&inner);
    KeReleaseInStackQueuedSpinLock(&outer);
    KeAcquireInStackQueuedSpinLock(&Extension->Other, &outer); /* the handle is free again */
    KeReleaseInStackQueuedSpinLock(&outer);
}
