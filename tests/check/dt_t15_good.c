/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

_IRQL_requires_max_(APC_LEVEL) VOID Stop(PEX_TIMER Timer, PEX_TIMER Other)
{
    ExDeleteTimer(Timer, TRUE, TRUE, NULL);
    ExDeleteTimer(Other, FALSE, FALSE, NULL);
}
