/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Lock;
    KIRQL      Old;
    LONG       Count;
} EXTENSION, *PEXTENSION;

_IRQL_requires_max_(DISPATCH_LEVEL) VOID Loop(PEXTENSION Extension)
{
    KIRQL old;

    for (LONG i = 0; i < Extension->Count; i++)
        KeRaiseIrql(DISPATCH_LEVEL, &old);
} // expect: DT-I05

_IRQL_requires_same_ _IRQL_requires_max_(APC_LEVEL)
NTSTATUS             Cases(PEXTENSION Extension, ULONG Code)
{
    KIRQL old = KeRaiseIrqlToDpcLevel();

    switch (Code) {
    case 1:
        Extension->Count++;
        break;
    case 2:
        return STATUS_INVALID_PARAMETER; // expect: DT-I05
    default:
        break;
    }
    KeLowerIrql(old);
    return STATUS_SUCCESS;
}

static VOID Raise(PEXTENSION Extension)
{
    Extension->Old = KeRaiseIrqlToDpcLevel();
} // expect: DT-I05

VOID Forgets(PEXTENSION Extension)
{
    Raise(Extension);
    if (Extension->Count)
        KeLowerIrql(Extension->Old);
} // expect: DT-I05

_IRQL_requires_same_ VOID LowersOnly(PKIRQL Old)
{
    KeLowerIrql(*Old);
} // expect: DT-I05

/* Shows ANN-027. */
