/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

EXT_CALLBACK     Expired;
static PEX_TIMER timer;

NTSTATUS Alarm(ULONG Seconds)
{
    LARGE_INTEGER now;

    timer = ExAllocateTimer(Expired, NULL, EX_TIMER_NO_WAKE);
    if (timer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    KeQuerySystemTime(&now);
    now.QuadPart += 20000;
    ExSetTimer(timer, now.QuadPart, 0, NULL);
    UNREFERENCED_PARAMETER(Seconds);
    return STATUS_SUCCESS;
}

VOID Stop(VOID)
{
    ExDeleteTimer(timer, TRUE, TRUE, NULL);
}
