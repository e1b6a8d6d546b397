/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KTIMER Timer;
    KDPC   Dpc;
} EXTENSION, *PEXTENSION;

static VOID Arm(PEXTENSION Extension, LONG Milliseconds)
{
    LARGE_INTEGER due;

    due.QuadPart = -(LONGLONG)Milliseconds;
    KeSetTimer(&Extension->Timer, due, &Extension->Dpc); // expect: DT-T13
}

VOID Start(PEXTENSION Extension)
{
    Arm(Extension, 250);
}

VOID Periodic(PEXTENSION Extension)
{
    LARGE_INTEGER due = RtlConvertLongToLargeInteger(-10000000);

    KeSetCoalescableTimer(&Extension->Timer, due, 10000000, 0, &Extension->Dpc); // expect: DT-T13
}

VOID Precise(PEX_TIMER Timer)
{
    ExSetTimer(Timer, -1000, 0, NULL);      // expect: DT-T13
    ExSetTimer(Timer, -10000000, -1, NULL); // expect: DT-T13
}

_IRQL_requires_max_(APC_LEVEL) VOID Sleep(VOID)
{
    LARGE_INTEGER interval;

    interval.QuadPart = -100;
    KeDelayExecutionThread(KernelMode, FALSE, &interval); // expect: DT-T13
}
