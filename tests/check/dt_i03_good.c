/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

_IRQL_requires_max_(APC_LEVEL) VOID Raise(VOID)
{
    KIRQL old, older;

    KeRaiseIrql(APC_LEVEL, &older);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeLowerIrql(old);
    KeLowerIrql(older);
}

VOID RaiseIfNeeded(VOID)
{
    KIRQL old = KeGetCurrentIrql();

    if (old < DISPATCH_LEVEL)
        KeRaiseIrql(DISPATCH_LEVEL, &old);
    if (old < DISPATCH_LEVEL)
        KeLowerIrql(old);
}
