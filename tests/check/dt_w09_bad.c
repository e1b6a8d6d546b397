/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

_IRQL_requires_max_(APC_LEVEL) NTSTATUS Four(PKEVENT Event, PKMUTEX Mutex)
{
    PVOID    objects[4] = {Event, Event, Event, Event};
    NTSTATUS status =
        KeWaitForMultipleObjects(4, objects, WaitAny, Executive, KernelMode, FALSE, NULL, NULL); // expect: DT-W09

    objects[0] = Mutex;
    if (NT_SUCCESS(status))
        status =
            KeWaitForMultipleObjects(65, objects, WaitAny, Executive, KernelMode, FALSE, NULL, NULL); // expect: DT-W09
    return status;
}
