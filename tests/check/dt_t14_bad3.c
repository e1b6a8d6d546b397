/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

EXT_CALLBACK     Expired;
static PEX_TIMER timer;

NTSTATUS Alarm(ULONG Seconds)
{
    LARGE_INTEGER now;

    timer = ExAllocateTimer(Expired, NULL, EX_TIMER_HIGH_RESOLUTION);
    if (timer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    KeQuerySystemTime(&now);
    now.QuadPart += 20000;
    ExSetTimer(timer, now.QuadPart, 0, NULL); // expect: DT-T14
    UNREFERENCED_PARAMETER(Seconds);
    return STATUS_SUCCESS;
}

VOID Stop(VOID)
{
    ExDeleteTimer(timer, TRUE, TRUE, NULL);
}
