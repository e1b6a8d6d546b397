/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

_IRQL_requires_max_(PASSIVE_LEVEL) VOID Use(PKSEMAPHORE Semaphore)
{
    KeInitializeSemaphore(Semaphore, 0, 2);
    KeReleaseSemaphore(Semaphore, IO_NO_INCREMENT, 2, FALSE);
}
