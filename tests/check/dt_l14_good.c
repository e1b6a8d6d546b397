/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

struct extension {
    KSPIN_LOCK Lock;
    KEVENT     Event;
    PVOID      Buffer;
};

_IRQL_requires_max_(APC_LEVEL) VOID WaitThenLock(struct extension *Extension)
{
    KIRQL         old;
    PVOID         buffer = ExAllocatePool2(POOL_FLAG_PAGED, 100, 'tset');
    LARGE_INTEGER zero = {.QuadPart = 0};

    KeWaitForSingleObject(&Extension->Event, Executive, KernelMode, FALSE, NULL);
    KeAcquireSpinLock(&Extension->Lock, &old);
    Extension->Buffer = buffer;
    if (!Extension->Buffer)
        Extension->Buffer = ExAllocatePool2(POOL_FLAG_NON_PAGED, 100, 'tset');
    if (KeWaitForSingleObject(&Extension->Event, Executive, KernelMode, FALSE, &zero) == STATUS_TIMEOUT)
        Extension->Buffer = NULL;
    KeReleaseSpinLock(&Extension->Lock, old);
}
