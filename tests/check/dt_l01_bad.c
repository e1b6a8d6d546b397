/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

struct extension {
    KSPIN_LOCK Lock;
    FAST_MUTEX Mutex;
    LONG       Count;
};

static void add(struct extension *Extension)
{
    KIRQL old;

    KeAcquireSpinLock(&Extension->Lock, &old); // expect: DT-L01
    Extension->Count += 1;
    KeReleaseSpinLock(&Extension->Lock, old);
}

_IRQL_requires_max_(DISPATCH_LEVEL) VOID AddTwo(struct extension *Extension)
{
    KIRQL old;

    KeAcquireSpinLock(&Extension->Lock, &old);
    Extension->Count += 1;
    add(Extension);
    KeReleaseSpinLock(&Extension->Lock, old);
}

_IRQL_requires_max_(DISPATCH_LEVEL) VOID Twice(VOID)
{
    KIRQL old, older;

    IoAcquireCancelSpinLock(&older);
    IoAcquireCancelSpinLock(&old); // expect: DT-L01
    IoReleaseCancelSpinLock(older);
}

/* Shows ANN-035. */
