/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

_IRQL_raises_(DISPATCH_LEVEL) VOID Enter(_Out_ _IRQL_saves_ PKIRQL OldIrql)
{
    KeRaiseIrql(DISPATCH_LEVEL, OldIrql);
}

VOID Leave(_IRQL_restores_ KIRQL OldIrql)
{
    KeLowerIrql(OldIrql);
}

_IRQL_requires_same_ NTSTATUS Count(PLONG Value)
{
    KIRQL    old;
    NTSTATUS status = STATUS_UNSUCCESSFUL;

    Enter(&old);
    if (*Value < 0)
        goto out;
    *Value += 1;
    status = STATUS_SUCCESS;
out:
    Leave(old);
    return status;
}
