/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    PEX_TIMER Timer;
} WATCH, *PWATCH;

static VOID Delete(PEX_TIMER Timer, BOOLEAN Wait)
{
    ExDeleteTimer(Timer, Wait, Wait, NULL);
}

_IRQL_requires_max_(APC_LEVEL) VOID Stop(PWATCH Watch, BOOLEAN Wait)
{
    Delete(Watch->Timer, Wait);
}
