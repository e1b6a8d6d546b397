/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

KDEFERRED_ROUTINE Dpc;

VOID Dpc(PKDPC Self, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Self);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    KeFlushQueuedDpcs(); // expect: DT-D09
}

_IRQL_requires_max_(APC_LEVEL) VOID Stop(PKSPIN_LOCK Lock, PKTIMER Timer)
{
    KIRQL old;

    KeAcquireSpinLock(Lock, &old);
    KeCancelTimer(Timer);
    KeFlushQueuedDpcs(); // expect: DT-D09
    KeReleaseSpinLock(Lock, old);
}
