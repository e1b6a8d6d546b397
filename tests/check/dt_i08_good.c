/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

#define MY_LEVEL (DISPATCH_LEVEL + 1)

_IRQL_requires_max_(MY_LEVEL) VOID Macro(VOID);
_IRQL_requires_max_(CLOCK_LEVEL - 1) VOID Sum(VOID);
_IRQL_raises_(NewIrql) VOID EnterAt(KIRQL NewIrql, _IRQL_saves_ PKIRQL OldIrql);
