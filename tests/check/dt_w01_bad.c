/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

_IRQL_requires_max_(APC_LEVEL) VOID Wait(PKEVENT Event)
{
    KIRQL         old;
    LARGE_INTEGER second = {.QuadPart = -10000000};

    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeWaitForSingleObject(Event, Executive, KernelMode, FALSE, &second); // expect: DT-W01 DT-W10
    KeLowerIrql(old);
}

_IRQL_requires_(DISPATCH_LEVEL) VOID WaitForEver(PKEVENT Event)
{
    KeWaitForSingleObject(Event, Executive, KernelMode, FALSE, NULL); // expect: DT-W01
}
