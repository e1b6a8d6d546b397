/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

_IRQL_requires_max_(PASSIVE_LEVEL) VOID Use(PKEVENT Event)
{
    KEVENT     event;
    KSEMAPHORE semaphore;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeSetEvent(&event, IO_NO_INCREMENT, FALSE);
    KeWaitForSingleObject(Event, Executive, KernelMode, FALSE, NULL);
    KeInitializeSemaphore(&semaphore, 0, 1);
    KeReleaseSemaphore(&semaphore, IO_NO_INCREMENT, 1, FALSE);
}
