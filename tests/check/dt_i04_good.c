/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

struct extension {
    KIRQL OldIrql;
    LONG  Value;
};

_IRQL_raises_(DISPATCH_LEVEL) _IRQL_saves_ static KIRQL enter(void)
{
    KIRQL old;

    KeRaiseIrql(DISPATCH_LEVEL, &old);
    return old;
}

_IRQL_requires_max_(DISPATCH_LEVEL) VOID Update(struct extension *Extension)
{
    Extension->OldIrql = enter();
    Extension->Value += 1;
    KeLowerIrql(Extension->OldIrql);
}

/* Shows ANN-018, ANN-019. */
