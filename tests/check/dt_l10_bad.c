/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

struct extension {
    KSPIN_LOCK Lock;
    LONG       Count;
};

_IRQL_requires_max_(DISPATCH_LEVEL) VOID Local(VOID)
{
    KSPIN_LOCK lock;
    KIRQL      old;

    KeAcquireSpinLock(&lock, &old); // expect: DT-L10
    KeReleaseSpinLock(&lock, old);
}

VOID Twice(struct extension *Extension)
{
    KeInitializeSpinLock(&Extension->Lock);
    Extension->Count = 0;
    KeInitializeSpinLock(&Extension->Lock); // expect: DT-L10
}
