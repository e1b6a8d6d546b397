/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    PEX_TIMER Timer;
} WATCH, *PWATCH;

VOID Start(PWATCH Watch)
{
    ExSetTimer(Watch->Timer, -10000000, 10000000, NULL);
}

_IRQL_requires_(PASSIVE_LEVEL) VOID Stop(PWATCH Watch)
{
    BOOLEAN cancelled = ExCancelTimer(Watch->Timer, NULL);

    DbgPrint("it was %s\n", cancelled ? "set" : "idle");
    ExDeleteTimer(Watch->Timer, TRUE, TRUE, NULL);
    ExFreePoolWithTag(Watch, 'hctW');
}
