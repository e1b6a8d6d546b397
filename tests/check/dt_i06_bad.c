/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

_IRQL_raises_(DISPATCH_LEVEL) VOID Enter(BOOLEAN Really, _Out_ _IRQL_saves_ PKIRQL OldIrql)
{
    if (Really)
        KeRaiseIrql(DISPATCH_LEVEL, OldIrql);
} // expect: DT-I06

VOID Leave(BOOLEAN Really, _IRQL_restores_ KIRQL OldIrql)
{
    if (!Really)
        return; // expect: DT-I06
    KeLowerIrql(OldIrql);
}
