/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Lock;
    FAST_MUTEX Mutex;
    ERESOURCE  Resource;
} EXTENSION, *PEXTENSION;

static VOID Take(PKSPIN_LOCK Lock)
{
    KIRQL old;

    KeAcquireSpinLock(Lock, &old); // expect: DT-L10
    KeReleaseSpinLock(Lock, old);
}

_IRQL_requires_max_(APC_LEVEL) PEXTENSION Create(VOID)
{
    PEXTENSION extension = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *extension, 'txE');

    if (!extension)
        return NULL;
    Take(&extension->Lock);
    ExAcquireFastMutex(&extension->Mutex); // expect: DT-L10
    ExReleaseFastMutex(&extension->Mutex);
    return extension;
}

_IRQL_requires_max_(PASSIVE_LEVEL) VOID Twice(PEXTENSION Extension, BOOLEAN Restart)
{
    ExInitializeResourceLite(&Extension->Resource);
    if (Restart)
        ExInitializeResourceLite(&Extension->Resource); // expect: DT-L10
}
