/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

EXT_CALLBACK Expired;

VOID Precise(VOID)
{
    PEX_TIMER precise = ExAllocateTimer(Expired, NULL, EX_TIMER_HIGH_RESOLUTION);

    if (precise) {
        ExSetTimer(precise, -5000, 0, NULL);
        ExDeleteTimer(precise, TRUE, TRUE, NULL);
    }
}
