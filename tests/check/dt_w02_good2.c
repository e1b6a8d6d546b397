/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

_IRQL_requires_max_(APC_LEVEL) NTSTATUS Wait(PKEVENT Event)
{
    KEVENT   local;
    NTSTATUS status;

    KeInitializeEvent(&local, NotificationEvent, FALSE);
    status = KeWaitForSingleObject(&local, Executive, KernelMode, FALSE, NULL);
    return NT_SUCCESS(status) ? KeWaitForSingleObject(Event, UserRequest, UserMode, TRUE, NULL) : status;
}
