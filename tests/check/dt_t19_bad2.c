/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

static VOID Fill(PEXT_SET_PARAMETERS Parameters)
{
    Parameters->NoWakeTolerance = EX_TIMER_UNLIMITED_TOLERANCE;
}

VOID Use(PEX_TIMER Timer)
{
    EXT_SET_PARAMETERS parameters;

    Fill(&parameters);
    ExSetTimer(Timer, -10000000, 0, &parameters); // expect: DT-T19
}

VOID Zeroed(PEX_TIMER Timer)
{
    EXT_SET_PARAMETERS parameters = {0};

    RtlZeroMemory(&parameters, sizeof parameters);
    ExSetTimer(Timer, -10000000, 0, &parameters); // expect: DT-T19
}

_IRQL_requires_max_(APC_LEVEL) VOID Delete(PEX_TIMER Timer, BOOLEAN Callback)
{
    EXT_DELETE_PARAMETERS parameters;

    if (Callback)
        ExInitializeDeleteTimerParameters(&parameters);
    ExDeleteTimer(Timer, TRUE, FALSE, &parameters); // expect: DT-T19
}
