/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

_IRQL_requires_max_(APC_LEVEL) NTSTATUS Four(PKEVENT Event)
{
    PVOID       objects[4] = {Event, Event, Event, Event};
    KWAIT_BLOCK blocks[4];
    NTSTATUS    status = KeWaitForMultipleObjects(3, objects, WaitAny, Executive, KernelMode, FALSE, NULL, NULL);

    if (NT_SUCCESS(status))
        status = KeWaitForMultipleObjects(4, objects, WaitAny, Executive, KernelMode, FALSE, NULL, blocks);
    return status;
}
