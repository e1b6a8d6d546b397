/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

_IRQL_requires_max_(APC_LEVEL) NTSTATUS Wait(VOID)
{
    KEVENT event;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    return KeWaitForSingleObject(&event, UserRequest, UserMode, FALSE, NULL); // expect: DT-W02
}

/* Shows ANN-044. */
