/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

static VOID Prepare(PEXT_SET_PARAMETERS Parameters)
{
    ExInitializeSetTimerParameters(Parameters);
    Parameters->NoWakeTolerance = EX_TIMER_UNLIMITED_TOLERANCE;
}

VOID Use(PEX_TIMER Timer, PEXT_SET_PARAMETERS Given)
{
    EXT_SET_PARAMETERS parameters;

    Prepare(&parameters);
    ExSetTimer(Timer, -10000000, 0, &parameters);
    ExSetTimer(Timer, -10000000, 0, Given);
    ExCancelTimer(Timer, NULL);
}
