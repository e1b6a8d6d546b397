/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

KDEFERRED_ROUTINE Dpc;
static KSPIN_LOCK lock;
static LONG       count;

VOID Dpc(PKDPC Self, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Self);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    if (count > 0)
        KeAcquireSpinLockAtDpcLevel(&lock);
    count = 0;
    KeReleaseSpinLockFromDpcLevel(&lock); // expect: DT-L02
}

_IRQL_requires_max_(DISPATCH_LEVEL) VOID Reset(PKSPIN_LOCK Lock)
{
    KIRQL old;

    KeAcquireSpinLock(Lock, &old);
    count = 0;
    KeReleaseSpinLock(Lock, old);
    KeReleaseSpinLock(Lock, old); // expect: DT-L02
}
