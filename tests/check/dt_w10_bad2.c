/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KEVENT        Event;
    LARGE_INTEGER Timeout;
    BOOLEAN       Ready;
} EXTENSION, *PEXTENSION;

_Must_inspect_result_ NTSTATUS Begin(PEXTENSION Extension);
_Check_return_ NTSTATUS        Next(PEXTENSION Extension);

static VOID WaitFor(PVOID Object, PLARGE_INTEGER Timeout)
{
    KeWaitForSingleObject(Object, Executive, KernelMode, FALSE, Timeout); // expect: DT-W10
}

_IRQL_requires_max_(APC_LEVEL) VOID Wait(PEXTENSION Extension)
{
    Extension->Timeout.QuadPart = -10000000;
    WaitFor(&Extension->Event, &Extension->Timeout);
    Extension->Ready = TRUE;
}

_IRQL_requires_max_(APC_LEVEL) VOID Discarded(PEXTENSION Extension)
{
    LARGE_INTEGER second = {.QuadPart = -10000000};

    (VOID) KeWaitForSingleObject(&Extension->Event, Executive, KernelMode, FALSE, &second); // expect: DT-W10
    if (Extension->Ready)
        KeDelayExecutionThread(KernelMode, TRUE, &second); // expect: DT-W10
}

VOID Own(PEXTENSION Extension)
{
    NTSTATUS status;

    Begin(Extension);         // expect: DT-W10
    (VOID) Begin(Extension);  // expect: DT-W10
    status = Next(Extension); // expect: DT-W10
    status = Begin(Extension);
    if (NT_SUCCESS(status))
        Next(Extension); // expect: DT-W10
}
