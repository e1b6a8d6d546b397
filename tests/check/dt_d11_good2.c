/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

static KDPC dpcs[MAXIMUM_PROCESSORS];

VOID Each(VOID)
{
    ULONG count = KeQueryActiveProcessorCountEx(0);

    for (ULONG i = 0; i < count; i++)
        KeSetTargetProcessorDpc(&dpcs[i], (CCHAR)i);
    KeSetTargetProcessorDpc(&dpcs[0], (CCHAR)(count - 1));
}
