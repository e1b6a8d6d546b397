/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    PEX_TIMER Timer;
    ULONG     Count;
} WATCH, *PWATCH;

typedef struct {
    ULONG  Flags;
    KTIMER Timer;
    KDPC   Dpc;
} EXTENSION, *PEXTENSION;

static VOID Release(PEXTENSION Extension)
{
    ExFreePool(Extension); // expect: DT-T06
}

_IRQL_requires_(PASSIVE_LEVEL) VOID StopAndRelease(PEXTENSION Extension)
{
    (VOID) KeCancelTimer(&Extension->Timer);
    Extension->Flags = 0;
    Release(Extension);
}

_IRQL_requires_(PASSIVE_LEVEL) VOID Conditional(PEXTENSION Extension, BOOLEAN Careful)
{
    KeCancelTimer(&Extension->Timer);
    if (Careful)
        KeFlushQueuedDpcs();
    ExFreePoolWithTag(Extension, 'txE'); // expect: DT-T06
}

_IRQL_requires_(PASSIVE_LEVEL) VOID StopWatch(PWATCH Watch)
{
    ExCancelTimer(Watch->Timer, NULL);
    ExFreePoolWithTag(Watch, 'hctW'); // expect: DT-T06
}

_IRQL_requires_(PASSIVE_LEVEL) VOID DeleteWatch(PWATCH Watch)
{
    ExDeleteTimer(Watch->Timer, TRUE, FALSE, NULL);
    ExFreePoolWithTag(Watch, 'hctW'); // expect: DT-T06
}
