/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

struct extension {
    KSPIN_LOCK Lock, Other;
    LONG       Count;
};

_Requires_lock_held_(Extension->Lock) static VOID add(struct extension *Extension)
{
    Extension->Count += 1;
}

_IRQL_requires_max_(DISPATCH_LEVEL) VOID AddTwo(struct extension *Extension)
{
    KIRQL old;

    KeAcquireSpinLock(&Extension->Lock, &old);
    add(Extension);
    add(Extension);
    KeAcquireSpinLockAtDpcLevel(&Extension->Other);
    KeReleaseSpinLockFromDpcLevel(&Extension->Other);
    KeReleaseSpinLock(&Extension->Lock, old);
    KeAcquireSpinLock(&Extension->Lock, &old);
    KeReleaseSpinLock(&Extension->Lock, old);
}
