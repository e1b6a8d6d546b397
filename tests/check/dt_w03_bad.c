/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

_IRQL_requires_max_(PASSIVE_LEVEL) VOID Use(PKEVENT Event)
{
    KEVENT     event;
    KSEMAPHORE semaphore;

    KeSetEvent(&event, IO_NO_INCREMENT, FALSE);                        // expect: DT-W03
    KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL); // expect: DT-W03
    KeInitializeSemaphore(&semaphore, 0, 1);
    KeSetEvent((PRKEVENT)&semaphore, IO_NO_INCREMENT, FALSE); // expect: DT-W03
}
