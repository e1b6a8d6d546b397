/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    PEX_TIMER Timer;
} WATCH, *PWATCH;

static VOID Delete(PEX_TIMER Timer, BOOLEAN Cancel)
{
    ExDeleteTimer(Timer, Cancel, TRUE, NULL); // expect: DT-T15
}

_IRQL_requires_max_(APC_LEVEL) VOID Stop(PWATCH Watch)
{
    Delete(Watch->Timer, FALSE);
}

_IRQL_requires_max_(APC_LEVEL) VOID StopLater(PWATCH Watch)
{
    BOOLEAN cancel = FALSE, wait = TRUE;

    if (Watch->Timer)
        ExDeleteTimer(Watch->Timer, cancel, wait, NULL); // expect: DT-T15
}
