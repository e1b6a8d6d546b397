/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    PEX_TIMER Timer;
} WATCH, *PWATCH;

typedef struct {
    KTIMER Timer;
    KDPC   Dpc;
} EXTENSION, *PEXTENSION;

VOID Start(PEXTENSION Extension, PWATCH Watch)
{
    LARGE_INTEGER due;

    due.QuadPart = -10000000;
    KeSetCoalescableTimer(&Extension->Timer, due, 500, 50, &Extension->Dpc);
    ExSetTimer(Watch->Timer, -10000000, 10000000, NULL);
}

_IRQL_requires_(PASSIVE_LEVEL) VOID Stop(PEXTENSION Extension)
{
    BOOLEAN cancelled = KeCancelTimer(&Extension->Timer);

    if (cancelled == TRUE)
        goto free;
    KeFlushQueuedDpcs();
free:
    ExFreePoolWithTag(Extension, 'txE'); // expect: DT-T07
}

_IRQL_requires_(PASSIVE_LEVEL) VOID StopWatch(PWATCH Watch)
{
    if (ExCancelTimer(Watch->Timer, NULL)) {
        ExFreePoolWithTag(Watch, 'hctW'); // expect: DT-T07
        return;
    }
    ExDeleteTimer(Watch->Timer, TRUE, TRUE, NULL);
    ExFreePoolWithTag(Watch, 'hctW');
}
