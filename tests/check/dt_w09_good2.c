/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

#define COUNT 5

_IRQL_requires_max_(APC_LEVEL) NTSTATUS Five(PKEVENT Events)
{
    PVOID       objects[COUNT];
    KWAIT_BLOCK blocks[COUNT];

    for (ULONG i = 0; i < COUNT; i++)
        objects[i] = &Events[i];
    return KeWaitForMultipleObjects(COUNT, objects, WaitAny, Executive, KernelMode, FALSE, NULL, blocks);
}

_IRQL_requires_max_(APC_LEVEL) NTSTATUS Three(PKEVENT Events)
{
    PVOID objects[3] = {&Events[0], &Events[1], &Events[2]};

    return KeWaitForMultipleObjects(RTL_NUMBER_OF(objects), objects, WaitAny, UserRequest, UserMode, FALSE, NULL, NULL);
}
