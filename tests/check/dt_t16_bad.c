/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

EXT_CALLBACK Expired;

VOID Expired(PEX_TIMER Timer, PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    ExDeleteTimer(Timer, TRUE, TRUE, NULL); // expect: DT-T16
}

_IRQL_requires_max_(APC_LEVEL) VOID Stop(PKSPIN_LOCK Lock, PEX_TIMER Timer)
{
    KIRQL old;

    KeAcquireSpinLock(Lock, &old);
    ExDeleteTimer(Timer, TRUE, TRUE, NULL); // expect: DT-T16
    KeReleaseSpinLock(Lock, old);
}
