/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KEVENT Event[2];
    KTIMER Timer;
} EXTENSION, *PEXTENSION;

static NTSTATUS WaitBoth(PEXTENSION Extension)
{
    PVOID objects[2] = {&Extension->Event[0], &Extension->Event[1]};

    return KeWaitForMultipleObjects(2, objects, WaitAll, Executive, KernelMode, FALSE, NULL, NULL); // expect: DT-W01
}

_IRQL_requires_(DISPATCH_LEVEL) NTSTATUS Both(PEXTENSION Extension)
{
    return WaitBoth(Extension);
}

_IRQL_requires_max_(APC_LEVEL) VOID Sleep(VOID)
{
    LARGE_INTEGER second;
    KIRQL         old = KeRaiseIrqlToDpcLevel();

    second.QuadPart = -10000000;
    KeDelayExecutionThread(KernelMode, FALSE, &second); // expect: DT-W01
    KeLowerIrql(old);
}
