/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

_IRQL_requires_max_(APC_LEVEL) VOID Wait(PKEVENT Event)
{
    KIRQL         old;
    LARGE_INTEGER zero = {.QuadPart = 0};

    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeWaitForSingleObject(Event, Executive, KernelMode, FALSE, &zero);
    KeLowerIrql(old);
    KeWaitForSingleObject(Event, Executive, KernelMode, FALSE, NULL);
}
