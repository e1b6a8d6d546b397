/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

_IRQL_always_function_max_(DISPATCH_LEVEL) VOID Touch(PLONG Value)
{
    KIRQL old;

    KeRaiseIrql(DISPATCH_LEVEL, &old);
    *Value += 1;
    KeLowerIrql(old);
}

_IRQL_requires_min_(DISPATCH_LEVEL) VOID Finish(PLONG Value, _IRQL_restores_ KIRQL OldIrql)
{
    *Value += 1;
    KeLowerIrql(OldIrql);
}
