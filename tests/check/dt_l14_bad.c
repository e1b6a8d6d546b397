/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

struct extension {
    KSPIN_LOCK Lock;
    KEVENT     Event;
    PVOID      Buffer;
};

_IRQL_requires_max_(APC_LEVEL) VOID WaitLocked(struct extension *Extension)
{
    KIRQL old;

    KeAcquireSpinLock(&Extension->Lock, &old);
    KeWaitForSingleObject(&Extension->Event, Executive, KernelMode, FALSE, NULL); // expect: DT-L14
    KeReleaseSpinLock(&Extension->Lock, old);
}

_IRQL_requires_max_(APC_LEVEL) VOID AllocateLocked(struct extension *Extension)
{
    KIRQL old;

    KeAcquireSpinLock(&Extension->Lock, &old);
    Extension->Buffer = ExAllocatePool2(POOL_FLAG_PAGED, 100, 'tset'); // expect: DT-L14
    KeReleaseSpinLock(&Extension->Lock, old);
}
