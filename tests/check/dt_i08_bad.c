/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

_IRQL_requires_(42) VOID TooMuch(VOID); // expect: DT-I08

KIRQL limit;

_IRQL_requires_max_(limit) VOID Variable(VOID); // expect: DT-I08

VOID RaiseTooFar(VOID)
{
    KIRQL old;

    KeRaiseIrql(64, &old); // expect: DT-I08
    KeLowerIrql(old);
}

/* Shows ANN-024. */
