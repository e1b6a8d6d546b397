/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KEVENT     Event, Answer;
    KSEMAPHORE Semaphore;
} EXTENSION, *PEXTENSION;

_IRQL_requires_max_(APC_LEVEL) NTSTATUS Ask(PEXTENSION Extension)
{
    KeSetEvent(&Extension->Event, IO_NO_INCREMENT, TRUE);
    return KeWaitForSingleObject(&Extension->Answer, Executive, KernelMode, FALSE, NULL);
}

_IRQL_requires_max_(APC_LEVEL) VOID Push(PEXTENSION Extension)
{
    NTSTATUS status;

    (VOID) KeReleaseSemaphore(&Extension->Semaphore, IO_NO_INCREMENT, 1, TRUE);
    status = KeWaitForSingleObject(&Extension->Answer, Executive, KernelMode, FALSE, NULL);
    if (!NT_SUCCESS(status))
        KeSetEvent(&Extension->Event, IO_NO_INCREMENT, FALSE);
}
