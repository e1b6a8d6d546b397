/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

_IRQL_requires_max_(APC_LEVEL) VOID Use(PEX_TIMER Timer)
{
    EXT_SET_PARAMETERS set;
    EXT_DELETE_PARAMETERS delete;

    set.NoWakeTolerance = 1000;
    ExSetTimer(Timer, -10000000, 0, &set);              // expect: DT-T19
    ExCancelTimer(Timer, (PEXT_CANCEL_PARAMETERS)&set); // expect: DT-T19
    delete.DeleteCallback = NULL;
    ExDeleteTimer(Timer, TRUE, FALSE, &delete); // expect: DT-T19
}
