/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

static KDPC dpcs[MAXIMUM_PROCESSORS];

VOID Spread(VOID)
{
    ULONG count = KeQueryActiveProcessorCount(NULL);

    for (ULONG i = 0; i <= count; i++)
        KeSetTargetProcessorDpc(&dpcs[i], (CCHAR)i); // expect: DT-D11
}
