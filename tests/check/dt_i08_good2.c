/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

#define MY_LEVEL (APC_LEVEL + 1)
enum { LOW = 0, MIDDLE = 5 };

_IRQL_requires_max_(MY_LEVEL) VOID ByMacro(VOID);
_IRQL_requires_max_(MIDDLE) VOID ByEnumerator(VOID);
_IRQL_requires_(HIGH_LEVEL) VOID Highest(VOID);
_IRQL_requires_max_(PASSIVE_LEVEL) VOID Lowest(VOID);
_IRQL_requires_min_(DISPATCH_LEVEL) _IRQL_requires_max_(HIGH_LEVEL - 1) VOID Between(VOID);
