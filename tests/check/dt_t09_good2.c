/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    PEX_TIMER Timer;
    PVOID     Last;
} WATCH, *PWATCH;

EXT_CALLBACK WatchCallback;

VOID WatchCallback(PEX_TIMER Timer, PVOID Context)
{
    PWATCH watch = (PWATCH)Context;

    UNREFERENCED_PARAMETER(Timer);
    ExFreePoolWithTag(watch->Last, 'tsaL'); /* not the timer's own memory */
    watch->Last = NULL;
}

VOID Start(PWATCH Watch)
{
    ExSetTimer(Watch->Timer, -10000000, 10000000, NULL);
}
