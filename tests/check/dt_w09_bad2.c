/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

#define COUNT 5

_IRQL_requires_max_(APC_LEVEL) NTSTATUS Five(PKEVENT Events)
{
    PVOID all[COUNT];

    for (ULONG i = 0; i < COUNT; i++)
        all[i] = &Events[i];
    return KeWaitForMultipleObjects(COUNT, all, WaitAny, Executive, KernelMode, FALSE, NULL, NULL); // expect: DT-W09
}

_IRQL_requires_max_(APC_LEVEL) NTSTATUS User(PKEVENT Event, PKMUTEX Mutex)
{
    PVOID  objects[2] = {Event, Mutex};
    KMUTEX local;

    KeInitializeMutex(&local, 0);
    objects[1] = Mutex;
    return KeWaitForMultipleObjects(2, objects, WaitAny, UserRequest, UserMode, FALSE, NULL, NULL); // expect: DT-W09
}
