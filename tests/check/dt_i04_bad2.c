/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KIRQL Old;
    LONG  Count;
} EXTENSION, *PEXTENSION;

_IRQL_requires_max_(DISPATCH_LEVEL) VOID Wrong(PEXTENSION Extension, KIRQL Given)
{
    KIRQL old;

    KeRaiseIrql(DISPATCH_LEVEL, &old);
    Extension->Count++;
    KeLowerIrql(APC_LEVEL); // expect: DT-I04
    UNREFERENCED_PARAMETER(Given);
} // expect: DT-I05

_IRQL_requires_max_(APC_LEVEL) VOID Overwritten(PEXTENSION Extension)
{
    Extension->Old = KeRaiseIrqlToDpcLevel();
    Extension->Old = APC_LEVEL;
    KeLowerIrql(Extension->Old); // expect: DT-I04
} // expect: DT-I05
