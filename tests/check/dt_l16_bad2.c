/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    FAST_MUTEX     Mutex;
    KGUARDED_MUTEX Guarded;
    KSPIN_LOCK     Lock;
} EXTENSION, *PEXTENSION;

static VOID Inner(PEXTENSION Extension)
{
    KeAcquireGuardedMutex(&Extension->Guarded); // expect: DT-L16
    KeReleaseGuardedMutex(&Extension->Guarded);
}

_IRQL_requires_max_(APC_LEVEL) VOID Outer(PEXTENSION Extension)
{
    KeAcquireGuardedMutex(&Extension->Guarded);
    Inner(Extension);
    KeReleaseGuardedMutex(&Extension->Guarded);
}

_IRQL_requires_max_(APC_LEVEL) VOID UnderLock(PEXTENSION Extension)
{
    KIRQL old;

    KeAcquireSpinLock(&Extension->Lock, &old);
    if (ExTryToAcquireFastMutex(&Extension->Mutex)) // expect: DT-L16
        ExReleaseFastMutex(&Extension->Mutex);
    KeReleaseSpinLock(&Extension->Lock, old);
}
