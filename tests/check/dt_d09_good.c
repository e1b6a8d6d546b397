/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

_IRQL_requires_(PASSIVE_LEVEL) VOID Stop(PKSPIN_LOCK Lock, PKTIMER Timer)
{
    KIRQL old;

    KeAcquireSpinLock(Lock, &old);
    KeCancelTimer(Timer);
    KeReleaseSpinLock(Lock, old);
    KeFlushQueuedDpcs();
}
