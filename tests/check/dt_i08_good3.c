/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

KDEFERRED_ROUTINE Dpc;

_Use_decl_annotations_ VOID Dpc(PKDPC Self, PVOID Context, PVOID A1, PVOID A2)
{
    UNREFERENCED_PARAMETER(Self);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(A1);
    UNREFERENCED_PARAMETER(A2);
}

_IRQL_requires_max_(APC_LEVEL) VOID Low(PLONG Value);

_IRQL_requires_max_(APC_LEVEL) VOID Low(PLONG Value)
{
    *Value = 0;
}

/* Shows ANN-006, ANN-007. */
