/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

_IRQL_requires_max_(APC_LEVEL) VOID Stop(PEX_TIMER Timer)
{
    ExDeleteTimer(Timer, FALSE, TRUE, NULL); // expect: DT-T15
}
