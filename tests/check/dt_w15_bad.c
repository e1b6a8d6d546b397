/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

_IRQL_requires_max_(APC_LEVEL) NTSTATUS Count(PLONG Value)
{
    KeEnterCriticalRegion();
    if (*Value < 0)
        return STATUS_UNSUCCESSFUL; // expect: DT-W15
    *Value += 1;
    KeLeaveCriticalRegion();
    return STATUS_SUCCESS;
}

_IRQL_requires_max_(APC_LEVEL) VOID LeaveTwice(PLONG Value)
{
    KeEnterGuardedRegion();
    *Value += 1;
    KeLeaveGuardedRegion();
    KeLeaveGuardedRegion(); // expect: DT-W15
}
