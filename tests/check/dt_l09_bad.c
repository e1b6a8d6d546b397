/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

struct extension {
    KSPIN_LOCK Lock, Other;
    LONG       Count;
};

_IRQL_requires_max_(DISPATCH_LEVEL) VOID Mix(struct extension *Extension)
{
    KLOCK_QUEUE_HANDLE handle;

    KeAcquireInStackQueuedSpinLock(&Extension->Lock, &handle);
    Extension->Count += 1;
    KeReleaseSpinLock(&Extension->Lock, handle.OldIrql); // expect: DT-L09
}

_IRQL_requires_(DISPATCH_LEVEL) VOID OneHandle(struct extension *Extension)
{
    KLOCK_QUEUE_HANDLE handle;

    KeAcquireInStackQueuedSpinLockAtDpcLevel(&Extension->Lock, &handle);
    KeAcquireInStackQueuedSpinLockAtDpcLevel(&Extension->Other, &handle); // expect: DT-L09
    KeReleaseInStackQueuedSpinLockFromDpcLevel(&handle);
    KeReleaseInStackQueuedSpinLockFromDpcLevel(&handle);
}

/* The queued form here, the plain one there. */
_IRQL_requires_max_(DISPATCH_LEVEL) VOID Plain(struct extension *Extension)
{
    KIRQL old;

    KeAcquireSpinLock(&Extension->Other, &old); // expect: DT-L09
    Extension->Count += 1;
    KeReleaseSpinLock(&Extension->Other, old);
}

/* Shows ANN-021. */
