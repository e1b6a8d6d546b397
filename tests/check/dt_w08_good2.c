/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

_IRQL_requires_max_(PASSIVE_LEVEL) VOID Use(PKSEMAPHORE Semaphore, LONG Count)
{
    KeInitializeSemaphore(Semaphore, 2, 4);
    KeReleaseSemaphore(Semaphore, IO_NO_INCREMENT, 2, FALSE);
    KeWaitForSingleObject(Semaphore, Executive, KernelMode, FALSE, NULL);
    KeReleaseSemaphore(Semaphore, IO_NO_INCREMENT, 1, FALSE);
    if (Count > 0)
        KeReleaseSemaphore(Semaphore, IO_NO_INCREMENT, Count, FALSE);
}
