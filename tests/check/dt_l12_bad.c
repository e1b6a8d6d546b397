/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

_IRQL_requires_max_(APC_LEVEL) VOID Nested(PKSPIN_LOCK A, PKSPIN_LOCK B, PLONG Count)
{
    KIRQL first, second;

    KeAcquireSpinLock(A, &first);
    KeAcquireSpinLock(B, &second);
    *Count += 1;
    KeReleaseSpinLock(A, first);  // expect: DT-L12
    KeReleaseSpinLock(B, second); // expect: DT-I02
} // expect: DT-I05
