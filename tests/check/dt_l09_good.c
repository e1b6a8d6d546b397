/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

struct extension {
    KSPIN_LOCK Lock, Other;
    LONG       Count;
};

_IRQL_requires_max_(DISPATCH_LEVEL) VOID Queued(struct extension *Extension)
{
    KLOCK_QUEUE_HANDLE handle, inner;

    KeAcquireInStackQueuedSpinLock(&Extension->Lock, &handle);
    KeAcquireInStackQueuedSpinLockAtDpcLevel(&Extension->Other, &inner);
    Extension->Count += 1;
    KeReleaseInStackQueuedSpinLockFromDpcLevel(&inner);
    KeReleaseInStackQueuedSpinLock(&handle);
    KeAcquireInStackQueuedSpinLock(&Extension->Other, &handle);
    KeReleaseInStackQueuedSpinLock(&handle);
}
