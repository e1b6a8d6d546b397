/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KIRQL Old;
    LONG  Count;
} EXTENSION, *PEXTENSION;

_IRQL_requires_max_(DISPATCH_LEVEL) VOID Copied(PEXTENSION Extension)
{
    KIRQL old, copy;

    KeRaiseIrql(DISPATCH_LEVEL, &old);
    copy = old;
    old = DISPATCH_LEVEL;
    Extension->Count += old;
    KeLowerIrql(copy);
}

_IRQL_requires_(PASSIVE_LEVEL) VOID Known(PEXTENSION Extension)
{
Enter_by_level:
    KeRaiseIrql(APC_LEVEL, &Extension->Old);
    Extension->Count++;
    KeLowerIrql(PASSIVE_LEVEL); /* that is what it was */
    if (Extension->Count < 0)
        goto Enter_by_level;
}
