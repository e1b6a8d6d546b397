/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

struct extension {
    KSPIN_LOCK Lock;
    KIRQL      OldIrql;
    LONG       Count;
};

/* Nothing is known about the callers of these two: no report. */
VOID Lock(struct extension *Extension)
{
    Extension->Count += 1;
}

VOID Unlock(struct extension *Extension)
{
    KeReleaseSpinLock(&Extension->Lock, Extension->OldIrql);
}

_IRQL_requires_max_(DISPATCH_LEVEL) VOID Reset(struct extension *Extension, BOOLEAN Locked)
{
    KIRQL old = PASSIVE_LEVEL;

    if (!Locked)
        KeAcquireSpinLock(&Extension->Lock, &old);
    Extension->Count = 0;
    if (!Locked)
        KeReleaseSpinLock(&Extension->Lock, old);
}
