/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    FAST_MUTEX Mutex;
    HANDLE     Handle;
} EXTENSION, *PEXTENSION;

typedef _IRQL_requires_max_(DISPATCH_LEVEL) VOID VISIT(PVOID Context);

_IRQL_requires_(PASSIVE_LEVEL) VOID AfterMutex(PEXTENSION Extension)
{
    HANDLE handle;

    ExAcquireFastMutex(&Extension->Mutex);
    handle = Extension->Handle;
    Extension->Handle = NULL;
    ExReleaseFastMutex(&Extension->Mutex);
    if (handle)
        ZwClose(handle);
}

_IRQL_requires_(DISPATCH_LEVEL) VOID ThroughPointer(VISIT *Visit, PVOID Context)
{
    Visit(Context);
}

VOID WhereAllowed(PEXTENSION Extension)
{
    if (KeGetCurrentIrql() != PASSIVE_LEVEL)
        return;
    ZwClose(Extension->Handle);
}

_IRQL_requires_(DISPATCH_LEVEL) VOID Never(PEXTENSION Extension)
{
    BOOLEAN close = FALSE;

    if (close)
        ZwClose(Extension->Handle);
}

_When_(Timeout == NULL, _IRQL_requires_max_(APC_LEVEL)) _When_(
    Timeout != NULL, _IRQL_requires_max_(DISPATCH_LEVEL)) NTSTATUS Pause(PEXTENSION Extension, PLARGE_INTEGER Timeout);

_IRQL_requires_(DISPATCH_LEVEL) VOID Polls(PEXTENSION Extension)
{
    LARGE_INTEGER zero = {.QuadPart = 0};

    Pause(Extension, &zero);
}

/* Shows ANN-025, ANN-029. */
