/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

struct extension {
    KSPIN_LOCK Lock, Other;
    LONG       Count;
};

_IRQL_requires_max_(DISPATCH_LEVEL) VOID Once(struct extension *Extension)
{
    KIRQL old;

    KeInitializeSpinLock(&Extension->Lock);
    KeInitializeSpinLock(&Extension->Other);
    KeAcquireSpinLock(&Extension->Lock, &old);
    Extension->Count = 0;
    KeReleaseSpinLock(&Extension->Lock, old);
}

_IRQL_requires_max_(DISPATCH_LEVEL) VOID Later(struct extension *Extension)
{
    KIRQL old;

    KeAcquireSpinLock(&Extension->Lock, &old);
    Extension->Count += 1;
    KeReleaseSpinLock(&Extension->Lock, old);
}
