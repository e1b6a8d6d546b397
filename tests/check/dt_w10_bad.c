/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

_IRQL_requires_max_(APC_LEVEL) VOID Wait(PKEVENT Event, PIRP Irp)
{
    LARGE_INTEGER second = {.QuadPart = -10000000};

    KeWaitForSingleObject(Event, Executive, KernelMode, FALSE, &second); // expect: DT-W10
    KeWaitForSingleObject(Event, Executive, KernelMode, TRUE, NULL);     // expect: DT-W10
    Irp->IoStatus.Information = 0;
}

/* Shows ANN-042. */
