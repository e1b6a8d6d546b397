/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

VOID Count(PULONG Counter)
{
    KeEnterGuardedRegion();
    (*Counter)++;
    KeLeaveCriticalRegion(); // expect: DT-W15
}
