/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

static KDPC dpcs[MAXIMUM_PROCESSORS];

VOID Last(VOID)
{
    ULONG count = KeQueryActiveProcessorCountEx(0);

    KeSetTargetProcessorDpc(&dpcs[0], (CCHAR)count); // expect: DT-D11
}

static VOID Aim(PKDPC Dpc, CCHAR Number)
{
    KeSetTargetProcessorDpc(Dpc, Number); // expect: DT-D11
}

VOID Fixed(VOID)
{
    Aim(&dpcs[1], 64);
    Aim(&dpcs[2], -1);
}
