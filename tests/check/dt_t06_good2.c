/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    PEX_TIMER Timer;
    ULONG     Count;
} WATCH, *PWATCH;

typedef struct {
    KTIMER Timer;
    KDPC   Dpc;
    PVOID  Buffer;
} EXTENSION, *PEXTENSION;

static VOID Quiet(PKTIMER Timer)
{
    KeCancelTimer(Timer);
    KeFlushQueuedDpcs();
}

_IRQL_requires_(PASSIVE_LEVEL) VOID Stop(PEXTENSION Extension)
{
    Quiet(&Extension->Timer);
    ExFreePoolWithTag(Extension, 'txE');
}

_IRQL_requires_(PASSIVE_LEVEL) VOID FreeOther(PEXTENSION Extension)
{
    KeCancelTimer(&Extension->Timer);
    ExFreePoolWithTag(Extension->Buffer, 'ffuB');
}

_IRQL_requires_(PASSIVE_LEVEL) VOID DeleteWatch(PWATCH Watch)
{
    ExDeleteTimer(Watch->Timer, TRUE, TRUE, NULL);
    ExFreePoolWithTag(Watch, 'hctW');
}
