/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

_IRQL_requires_max_(APC_LEVEL) VOID Use(PEX_TIMER Timer)
{
    EXT_SET_PARAMETERS set;
    EXT_DELETE_PARAMETERS delete;

    ExInitializeSetTimerParameters(&set);
    set.NoWakeTolerance = 1000;
    ExSetTimer(Timer, -10000000, 0, &set);
    ExCancelTimer(Timer, NULL);
    ExInitializeDeleteTimerParameters(&delete);
    ExDeleteTimer(Timer, TRUE, FALSE, &delete);
}
