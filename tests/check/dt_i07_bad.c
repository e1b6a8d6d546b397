/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

_IRQL_always_function_max_(APC_LEVEL) VOID Touch(PLONG Value)
{
    KIRQL old;

    KeRaiseIrql(DISPATCH_LEVEL, &old); // expect: DT-I07
    *Value += 1;
    KeLowerIrql(old);
}

_IRQL_requires_min_(DISPATCH_LEVEL) VOID Finish(PLONG Value)
{
    *Value += 1;
    KeLowerIrql(PASSIVE_LEVEL); // expect: DT-I07
} // expect: DT-I05

/* Shows ANN-023. */
