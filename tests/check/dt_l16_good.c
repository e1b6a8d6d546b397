/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

_IRQL_requires_max_(APC_LEVEL) VOID Once(PFAST_MUTEX Mutex, PLONG Count)
{
    ExAcquireFastMutex(Mutex);
    *Count += 1;
    ExReleaseFastMutex(Mutex);
    if (ExTryToAcquireFastMutex(Mutex)) {
        *Count += 1;
        ExReleaseFastMutex(Mutex);
    }
}

_IRQL_requires_(PASSIVE_LEVEL) VOID Unsafe(PFAST_MUTEX Mutex)
{
    KeEnterCriticalRegion();
    ExAcquireFastMutexUnsafe(Mutex);
    ExReleaseFastMutexUnsafe(Mutex);
    KeLeaveCriticalRegion();
}
