/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

_IRQL_requires_max_(APC_LEVEL) NTSTATUS Fetch(PKEVENT Event, PULONG Result)
{
    LARGE_INTEGER second;
    NTSTATUS      status;

    second.QuadPart = -10 * 1000 * 1000;
    status = KeWaitForSingleObject(Event, Executive, KernelMode, FALSE, &second); // expect: DT-W10
    *Result = 1;
    status = STATUS_SUCCESS;
    return status;
}
