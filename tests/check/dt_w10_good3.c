/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

_IRQL_requires_max_(APC_LEVEL) NTSTATUS Fetch(PKEVENT Event, PULONG Result)
{
    LARGE_INTEGER second;
    NTSTATUS      status;

    second.QuadPart = -10 * 1000 * 1000;
    status = KeWaitForSingleObject(Event, Executive, KernelMode, FALSE, &second);
    *Result = 1;
    if (status == STATUS_TIMEOUT)
        status = STATUS_IO_TIMEOUT;
    return status;
}

_IRQL_requires_max_(APC_LEVEL) VOID Join(PKEVENT Event)
{
    NTSTATUS status = KeWaitForSingleObject(Event, Executive, KernelMode, FALSE, NULL);

    status = STATUS_SUCCESS;
    UNREFERENCED_PARAMETER(status);
}
