/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

_IRQL_requires_max_(APC_LEVEL) NTSTATUS Wait(PKEVENT Event)
{
    LARGE_INTEGER second = {.QuadPart = -10000000};
    NTSTATUS      status = KeWaitForSingleObject(Event, Executive, KernelMode, FALSE, &second);

    KeWaitForSingleObject(Event, Executive, KernelMode, FALSE, NULL);
    return status;
}

/* Shows ANN-043. */
