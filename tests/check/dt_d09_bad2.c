/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Lock;
    KTIMER     Timer;
} EXTENSION, *PEXTENSION;

EXT_CALLBACK  Expired;
DRIVER_CANCEL Cancel;

static VOID Quiet(PKTIMER Timer)
{
    KeCancelTimer(Timer);
    KeFlushQueuedDpcs(); // expect: DT-D09
}

VOID Expired(PEX_TIMER Timer, PVOID Context)
{
    UNREFERENCED_PARAMETER(Timer);
    Quiet(Context);
}

_IRQL_requires_max_(DISPATCH_LEVEL) VOID Stop(PEXTENSION Extension)
{
    KeCancelTimer(&Extension->Timer);
    KeFlushQueuedDpcs(); // expect: DT-D09
}

_IRQL_requires_max_(PASSIVE_LEVEL) VOID StopLocked(PEXTENSION Extension)
{
    KLOCK_QUEUE_HANDLE handle;

    KeAcquireInStackQueuedSpinLock(&Extension->Lock, &handle);
    if (KeCancelTimer(&Extension->Timer) == FALSE)
        KeFlushQueuedDpcs(); // expect: DT-D09
    KeReleaseInStackQueuedSpinLock(&handle);
}
