/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

static KEVENT shared;

_IRQL_requires_max_(APC_LEVEL) NTSTATUS Wait(VOID)
{
    KEVENT event;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    return KeWaitForSingleObject(&shared, UserRequest, UserMode, FALSE, NULL);
}
