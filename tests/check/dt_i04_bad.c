/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

_IRQL_requires_max_(DISPATCH_LEVEL) VOID Update(PLONG Value)
{
    KIRQL old;

    KeRaiseIrql(DISPATCH_LEVEL, &old);
    *Value += 1;
    KeLowerIrql(PASSIVE_LEVEL); // expect: DT-I04
} // expect: DT-I05
