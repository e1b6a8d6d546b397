/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

EXT_CALLBACK     Expired;
static PEX_TIMER timer;

VOID Both(VOID)
{
    timer = ExAllocateTimer(Expired, NULL, EX_TIMER_HIGH_RESOLUTION | EX_TIMER_NO_WAKE); // expect: DT-T14
}

VOID Absolute(LONGLONG Now)
{
    PEX_TIMER precise = ExAllocateTimer(Expired, NULL, EX_TIMER_HIGH_RESOLUTION);

    UNREFERENCED_PARAMETER(Now);
    if (precise) {
        ExSetTimer(precise, 133000000000000000, 0, NULL); // expect: DT-T14
        ExDeleteTimer(precise, TRUE, TRUE, NULL);
    }
}
