/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

EXT_CALLBACK     Expired;
static PEX_TIMER timer;

VOID Start(VOID)
{
    timer = ExAllocateTimer(Expired, NULL, 0); // expect: DT-T18
    ExSetTimer(timer, -10000000, 0, NULL);     // expect: DT-T18
}
