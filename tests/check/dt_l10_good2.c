/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Lock;
    FAST_MUTEX Mutex;
    ERESOURCE  Resource;
} EXTENSION, *PEXTENSION;

static KSPIN_LOCK global;

static VOID Prepare(PEXTENSION Extension)
{
    KeInitializeSpinLock(&Extension->Lock);
    ExInitializeFastMutex(&Extension->Mutex);
}

_IRQL_requires_max_(APC_LEVEL) PEXTENSION Create(VOID)
{
    PEXTENSION extension = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *extension, 'txE');
    KIRQL      old;

    if (!extension)
        return NULL;
    Prepare(extension);
    KeAcquireSpinLock(&extension->Lock, &old);
    KeReleaseSpinLock(&extension->Lock, old);
    KeAcquireSpinLock(&global, &old);
    KeReleaseSpinLock(&global, old);
    return extension;
}

_IRQL_requires_max_(PASSIVE_LEVEL) VOID Again(PEXTENSION Extension)
{
    ExDeleteResourceLite(&Extension->Resource);
    ExInitializeResourceLite(&Extension->Resource);
    ExDeleteResourceLite(&Extension->Resource);
    ExInitializeResourceLite(&Extension->Resource);
}
