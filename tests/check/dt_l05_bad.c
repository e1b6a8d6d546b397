/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

struct extension {
    KSPIN_LOCK Lock;
    LONG       Free;
};

_IRQL_requires_max_(DISPATCH_LEVEL) NTSTATUS Take(struct extension *Extension, PLONG Slot)
{
    KIRQL old;

    KeAcquireSpinLock(&Extension->Lock, &old);
    if (Extension->Free == 0)
        return STATUS_INSUFFICIENT_RESOURCES; // expect: DT-L05
    *Slot = --Extension->Free;
    KeReleaseSpinLock(&Extension->Lock, old);
    return STATUS_SUCCESS;
}
