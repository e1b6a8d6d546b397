/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

#define ONE_SECOND (10 * 1000 * 1000)

static VOID ArmMs(PKTIMER Timer, ULONG Milliseconds)
{
    LARGE_INTEGER due;

    due.QuadPart = -10000LL * Milliseconds;
    KeSetTimer(Timer, due, NULL);
}

VOID ThroughHelper(PKTIMER Timer)
{
    ArmMs(Timer, 1500);
}

_IRQL_requires_max_(APC_LEVEL) VOID Sleep(PKEVENT Event)
{
    LARGE_INTEGER interval, zero = {0};

    interval.QuadPart = Int32x32To64(100, -10000);
    KeDelayExecutionThread(KernelMode, FALSE, &interval);
    if (KeWaitForSingleObject(Event, Executive, KernelMode, FALSE, &zero) == STATUS_TIMEOUT)
        KeClearEvent(Event);
}

VOID Absolute(PEX_TIMER Timer)
{
    LARGE_INTEGER now;

    KeQuerySystemTimePrecise(&now);
    ExSetTimer(Timer, now.QuadPart + ONE_SECOND, 0, NULL);
}

VOID Split(PKTIMER Timer)
{
    LARGE_INTEGER due;

    due.LowPart = (ULONG)-ONE_SECOND;
    due.HighPart = -1;
    KeSetTimer(Timer, due, NULL);
}
