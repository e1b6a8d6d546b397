/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    FAST_MUTEX     Mutex, Other;
    KGUARDED_MUTEX Guarded;
    KSPIN_LOCK     Lock;
} EXTENSION, *PEXTENSION;

_IRQL_requires_max_(APC_LEVEL) VOID Nested(PEXTENSION Extension)
{
    ExAcquireFastMutex(&Extension->Mutex);
    ExAcquireFastMutex(&Extension->Other);
    ExReleaseFastMutex(&Extension->Other);
    ExReleaseFastMutex(&Extension->Mutex);
    KeEnterCriticalRegion();
    ExAcquireFastMutexUnsafe(&Extension->Mutex);
    ExReleaseFastMutexUnsafe(&Extension->Mutex);
    KeLeaveCriticalRegion();
}
