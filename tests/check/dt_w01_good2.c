/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

_IRQL_requires_(DISPATCH_LEVEL) BOOLEAN IsSet(PKEVENT Event)
{
    LARGE_INTEGER zero;

    zero.QuadPart = 0;
    return KeWaitForSingleObject(Event, Executive, KernelMode, FALSE, &zero) == STATUS_SUCCESS;
}

NTSTATUS Wait(PKEVENT Event)
{
    if (KeGetCurrentIrql() > APC_LEVEL)
        return STATUS_UNSUCCESSFUL;
    return KeWaitForSingleObject(Event, Executive, KernelMode, FALSE, NULL);
}
