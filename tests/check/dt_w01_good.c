/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

_IRQL_requires_max_(APC_LEVEL) VOID Wait(PKEVENT Event)
{
    KIRQL         old;
    LARGE_INTEGER zero = {.QuadPart = 0};

    KeRaiseIrql(DISPATCH_LEVEL, &old);
    if (KeWaitForSingleObject(Event, Executive, KernelMode, FALSE, &zero) == STATUS_TIMEOUT)
        KeClearEvent(Event);
    KeLowerIrql(old);
    KeWaitForSingleObject(Event, Executive, KernelMode, FALSE, NULL);
}
