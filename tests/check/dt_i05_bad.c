/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

VOID Enter(PKIRQL OldIrql)
{
    KeRaiseIrql(DISPATCH_LEVEL, OldIrql);
} // expect: DT-I05

_IRQL_requires_same_ NTSTATUS Count(PKSPIN_LOCK Lock, PLONG Value)
{
    KIRQL old;

    KeRaiseIrql(DISPATCH_LEVEL, &old);
    UNREFERENCED_PARAMETER(Lock);
    if (*Value < 0)
        return STATUS_UNSUCCESSFUL; // expect: DT-I05
    *Value += 1;
    KeLowerIrql(old);
    return STATUS_SUCCESS;
}
