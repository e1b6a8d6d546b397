/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

KDEFERRED_ROUTINE Dpc;

/* Not what its role says. */
_IRQL_requires_(PASSIVE_LEVEL) VOID Dpc(PKDPC Self, PVOID Context, PVOID A1, PVOID A2) // expect: DT-I08
{
    UNREFERENCED_PARAMETER(Self);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(A1);
    UNREFERENCED_PARAMETER(A2);
}

_IRQL_requires_max_(APC_LEVEL) VOID Low(PLONG Value);

_IRQL_requires_min_(DISPATCH_LEVEL) VOID Low(PLONG Value) // expect: DT-I08
{
    *Value = 0;
}

_Use_decl_annotations_ VOID Alone(PLONG Value) // expect: DT-I08
{
    *Value = 0;
}

_IRQL_requires_max_(DISPATCH_LEVEL) VOID More(PLONG Value);

_Use_decl_annotations_ _IRQL_requires_max_(APC_LEVEL)
VOID                   More(PLONG Value) // expect: DT-I08
{
    *Value = 0;
}

/* Shows ANN-006, ANN-007. */
