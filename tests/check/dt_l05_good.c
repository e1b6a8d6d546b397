/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

struct extension {
    KSPIN_LOCK Lock;
    LONG       Free;
};

_IRQL_requires_max_(DISPATCH_LEVEL) NTSTATUS Take(struct extension *Extension, PLONG Slot)
{
    KIRQL    old;
    NTSTATUS status = STATUS_SUCCESS;

    KeAcquireSpinLock(&Extension->Lock, &old);
    if (Extension->Free == 0)
        status = STATUS_INSUFFICIENT_RESOURCES;
    else
        *Slot = --Extension->Free;
    KeReleaseSpinLock(&Extension->Lock, old);
    return status;
}
