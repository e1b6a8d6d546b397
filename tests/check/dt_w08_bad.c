/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

_IRQL_requires_max_(PASSIVE_LEVEL) VOID Use(PKSEMAPHORE Semaphore)
{
    KeInitializeSemaphore(Semaphore, 5, 2); // expect: DT-W08
    KeInitializeSemaphore(Semaphore, 0, 2);
    KeReleaseSemaphore(Semaphore, IO_NO_INCREMENT, 3, FALSE); // expect: DT-W08
    KeReleaseSemaphore(Semaphore, IO_NO_INCREMENT, 0, FALSE); // expect: DT-W08
}
