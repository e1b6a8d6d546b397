/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

#define ONE_SECOND (10 * 1000 * 1000)

typedef struct {
    KTIMER        Timer;
    LARGE_INTEGER Due;
} EXTENSION, *PEXTENSION;

static VOID Arm(PKTIMER Timer, LONGLONG HundredNs)
{
    LARGE_INTEGER due;

    due.QuadPart = HundredNs;
    KeSetTimerEx(Timer, due, 0, NULL); // expect: DT-T12
}

VOID ThroughHelper(PEXTENSION Extension)
{
    Arm(&Extension->Timer, 5LL * ONE_SECOND);
}

VOID FromMember(PEXTENSION Extension)
{
    Extension->Due.QuadPart = ONE_SECOND;
    KeSetTimer(&Extension->Timer, Extension->Due, NULL); // expect: DT-T12
}

VOID Coalesced(PEXTENSION Extension, ULONG Seconds)
{
    LARGE_INTEGER due = {0};

    if (Seconds == 0)
        due.QuadPart = ONE_SECOND / 2;
    else
        due.QuadPart = -(LONGLONG)Seconds * ONE_SECOND;
    KeSetCoalescableTimer(&Extension->Timer, due, 0, 32, NULL); // expect: DT-T12
}

_IRQL_requires_max_(APC_LEVEL) VOID Sleep(VOID)
{
    LARGE_INTEGER interval;

    interval.QuadPart = ONE_SECOND;
    KeDelayExecutionThread(KernelMode, FALSE, &interval); // expect: DT-T12
}

_IRQL_requires_max_(APC_LEVEL) NTSTATUS WaitASecond(PKEVENT Event)
{
    LARGE_INTEGER timeout;

    timeout.QuadPart = ONE_SECOND;
    return KeWaitForSingleObject(Event, Executive, KernelMode, FALSE, &timeout); // expect: DT-T12
}

_IRQL_requires_max_(APC_LEVEL) VOID Halves(VOID)
{
    LARGE_INTEGER interval;

    interval.LowPart = ONE_SECOND;
    interval.HighPart = 0;
    KeDelayExecutionThread(KernelMode, FALSE, &interval); // expect: DT-T12
}
