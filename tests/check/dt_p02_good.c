/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    LONG volatile Busy;
    LONG Own;
} EXTENSION, *PEXTENSION;

KDEFERRED_ROUTINE Dpc;

VOID Prepare(PEXTENSION Extension)
{
    Extension->Busy = 0; /* nobody else knows it yet */
}

BOOLEAN Claim(PEXTENSION Extension)
{
    return InterlockedCompareExchange(&Extension->Busy, 1, 0) == 0;
}

VOID Dpc(PKDPC Self, PVOID Context, PVOID A1, PVOID A2)
{
    PEXTENSION extension = Context;

    UNREFERENCED_PARAMETER(Self);
    UNREFERENCED_PARAMETER(A1);
    UNREFERENCED_PARAMETER(A2);
    extension->Own = 0;
    InterlockedExchange(&extension->Busy, 0);
}

/* Shows ANN-040. */
