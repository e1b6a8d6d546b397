/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KEVENT   Event;
    NTSTATUS Status;
} EXTENSION, *PEXTENSION;

_Must_inspect_result_ NTSTATUS Begin(PEXTENSION Extension);
_Check_return_ NTSTATUS        Next(PEXTENSION Extension);
VOID                           Trace(NTSTATUS Status);

NTSTATUS Returned(PEXTENSION Extension)
{
    NTSTATUS status = Begin(Extension);

    return status;
}

VOID Stored(PEXTENSION Extension, NTSTATUS *Out)
{
    Extension->Status = Begin(Extension);
    *Out = Next(Extension);
    Trace(Begin(Extension));
    while (NT_SUCCESS(Next(Extension)))
        ;
}

_IRQL_requires_max_(APC_LEVEL) VOID Forever(PEXTENSION Extension)
{
    KeWaitForSingleObject(&Extension->Event, Executive, KernelMode, FALSE, NULL);
}

/* Shows ANN-043. */
