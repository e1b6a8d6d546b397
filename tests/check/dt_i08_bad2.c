/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

static KIRQL level;

_IRQL_requires_max_(64) VOID OnType(VOID); // expect: DT-I08

_IRQL_requires_min_(level) VOID Variable(VOID); // expect: DT-I08

typedef _IRQL_requires_(100) VOID VISIT(PVOID Context); // expect: DT-I08

_IRQL_raises_(DISPATCH_LEVEL + 40) VOID Sum(VOID); // expect: DT-I08

VOID Lower(VOID)
{
    KIRQL old;

    KeRaiseIrql(APC_LEVEL, &old);
    KeLowerIrql(200); // expect: DT-I08
} // expect: DT-I05
