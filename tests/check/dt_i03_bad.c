/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

_IRQL_requires_(DISPATCH_LEVEL) VOID LowerByRaising(VOID)
{
    KIRQL old;

    KeRaiseIrql(APC_LEVEL, &old); // expect: DT-I03
    KeLowerIrql(old);
}

_IRQL_requires_max_(APC_LEVEL) VOID RaiseByLowering(VOID)
{
    KIRQL old;

    KeRaiseIrql(APC_LEVEL, &old);
    KeLowerIrql(DISPATCH_LEVEL); // expect: DT-I03
    KeLowerIrql(old);
}

_IRQL_requires_max_(APC_LEVEL) VOID LowerOnly(VOID)
{
    KeLowerIrql(DISPATCH_LEVEL); // expect: DT-I03
} // expect: DT-I05

/* Shows ANN-017. */
