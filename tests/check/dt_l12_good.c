/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

_IRQL_requires_max_(APC_LEVEL) VOID Nested(PKSPIN_LOCK A, PKSPIN_LOCK B, PLONG Count)
{
    KIRQL first, second;

    KeAcquireSpinLock(A, &first);
    KeAcquireSpinLock(B, &second);
    *Count += 1;
    KeReleaseSpinLock(B, second);
    KeReleaseSpinLock(A, first);
}

/* Hand over hand: the level that is given back is the one that was saved first. */
_IRQL_requires_max_(APC_LEVEL) VOID HandOverHand(PKSPIN_LOCK A, PKSPIN_LOCK B, PLONG Count)
{
    KIRQL first;

    KeRaiseIrql(DISPATCH_LEVEL, &first);
    KeAcquireSpinLockAtDpcLevel(A);
    KeAcquireSpinLockAtDpcLevel(B);
    KeReleaseSpinLockFromDpcLevel(A);
    *Count += 1;
    KeReleaseSpinLockFromDpcLevel(B);
    KeLowerIrql(first);
}
