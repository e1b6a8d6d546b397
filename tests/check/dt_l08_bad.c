/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

_IRQL_requires_max_(APC_LEVEL) VOID Count(PKSPIN_LOCK Lock, PLONG Value)
{
    KeAcquireSpinLockAtDpcLevel(Lock); // expect: DT-L08
    *Value += 1;
    KeReleaseSpinLockFromDpcLevel(Lock); // expect: DT-L08
}
