/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    LONG Count;
} EXTENSION, *PEXTENSION;

_IRQL_raises_(DISPATCH_LEVEL) _IRQL_saves_global_(OldIrql, Extension) VOID Enter(PEXTENSION Extension);
_IRQL_restores_global_(OldIrql, Extension) VOID Leave(PEXTENSION Extension);
_IRQL_restores_global_(OtherIrql, Extension) VOID LeaveOther(PEXTENSION Extension);

_IRQL_requires_max_(APC_LEVEL) VOID OtherKind(PEXTENSION Extension)
{
    Enter(Extension);
    Extension->Count++;
    LeaveOther(Extension); // expect: DT-I04
}

_IRQL_requires_max_(APC_LEVEL) VOID OtherObject(PEXTENSION A, PEXTENSION B)
{
    Enter(A);
    Leave(B); // expect: DT-I04
}

/* Shows ANN-020. */
