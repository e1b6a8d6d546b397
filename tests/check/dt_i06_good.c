/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

struct lock {
    KSPIN_LOCK Lock;
    KIRQL      OldIrql;
};

_IRQL_raises_(DISPATCH_LEVEL) VOID Enter(_Out_ _IRQL_saves_ PKIRQL OldIrql)
{
    *OldIrql = KeRaiseIrqlToDpcLevel();
}

VOID Leave(_IRQL_restores_ KIRQL OldIrql)
{
    KeLowerIrql(OldIrql);
}

_When_(Really != FALSE, _IRQL_raises_(DISPATCH_LEVEL)) VOID
    EnterPerhaps(BOOLEAN Really, _When_(Really != FALSE, _IRQL_saves_) PKIRQL OldIrql)
{
    if (Really)
        KeRaiseIrql(DISPATCH_LEVEL, OldIrql);
}
