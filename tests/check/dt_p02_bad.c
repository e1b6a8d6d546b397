/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    LONG volatile Busy;
    LONG volatile Count;
} EXTENSION, *PEXTENSION;

KDEFERRED_ROUTINE Dpc;

BOOLEAN Claim(PEXTENSION Extension)
{
    LONG local = 0;

    InterlockedIncrement(&local); // expect: DT-P02
    InterlockedIncrement(&Extension->Count);
    return InterlockedCompareExchange(&Extension->Busy, 1, 0) == 0;
}

VOID Dpc(PKDPC Self, PVOID Context, PVOID A1, PVOID A2)
{
    PEXTENSION extension = Context;

    UNREFERENCED_PARAMETER(Self);
    UNREFERENCED_PARAMETER(A1);
    UNREFERENCED_PARAMETER(A2);
    extension->Busy = 0; // expect: DT-P02
    extension->Count--;  // expect: DT-P02
}

/* Shows ANN-040. */
