/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Lock, Other;
    KSPIN_LOCK Locks[4];
    LONG       Count;
} EXTENSION, *PEXTENSION;

_IRQL_requires_max_(DISPATCH_LEVEL) VOID Loop(PEXTENSION Extension)
{
    KIRQL old;

    for (int i = 0; i < 2; i++) {
        KeAcquireSpinLock(&Extension->Lock, &old);
        Extension->Count++;
        KeReleaseSpinLock(&Extension->Lock, old);
    }
}

_IRQL_requires_max_(DISPATCH_LEVEL) VOID Two(PEXTENSION A, PEXTENSION B)
{
    KIRQL old;

    KeAcquireSpinLock(&A->Lock, &old);
    KeAcquireSpinLockAtDpcLevel(&B->Lock);
    KeAcquireSpinLockAtDpcLevel(&A->Other);
    KeReleaseSpinLockFromDpcLevel(&A->Other);
    KeReleaseSpinLockFromDpcLevel(&B->Lock);
    KeReleaseSpinLock(&A->Lock, old);
}

_IRQL_requires_(DISPATCH_LEVEL) VOID All(PEXTENSION Extension)
{
    for (int i = 0; i < 4; i++)
        KeAcquireSpinLockAtDpcLevel(&Extension->Locks[i]);
    for (int i = 3; i >= 0; i--)
        KeReleaseSpinLockFromDpcLevel(&Extension->Locks[i]);
}
