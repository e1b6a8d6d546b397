/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

KDEFERRED_ROUTINE Dpc;
static FAST_MUTEX mutex;

_IRQL_requires_max_(APC_LEVEL) VOID Twice(PFAST_MUTEX Mutex)
{
    ExAcquireFastMutex(Mutex);
    ExAcquireFastMutex(Mutex); // expect: DT-L16
    ExReleaseFastMutex(Mutex);
}

VOID Dpc(PKDPC Self, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Self);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    ExAcquireFastMutex(&mutex); // expect: DT-L16
    ExReleaseFastMutex(&mutex);
}

_IRQL_requires_(PASSIVE_LEVEL) VOID Unsafe(PFAST_MUTEX Mutex)
{
    ExAcquireFastMutexUnsafe(Mutex); // expect: DT-L16
    ExReleaseFastMutexUnsafe(Mutex);
}
