/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

_IRQL_requires_max_(APC_LEVEL) NTSTATUS Count(PLONG Value)
{
    NTSTATUS status = STATUS_UNSUCCESSFUL;

    KeEnterCriticalRegion();
    KeEnterCriticalRegion();
    if (*Value >= 0) {
        *Value += 1;
        status = STATUS_SUCCESS;
    }
    KeLeaveCriticalRegion();
    KeLeaveCriticalRegion();
    return status;
}

VOID Leave(VOID)
{
    KeLeaveCriticalRegion();
}
