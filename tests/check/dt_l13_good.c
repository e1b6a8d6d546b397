/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

struct extension {
    KSPIN_LOCK Lock;
    PIRP       Irp;
};

_IRQL_requires_max_(DISPATCH_LEVEL) VOID Finish(struct extension *Extension)
{
    KIRQL old;
    PIRP  irp;

    KeAcquireSpinLock(&Extension->Lock, &old);
    irp = Extension->Irp;
    Extension->Irp = NULL;
    KeReleaseSpinLock(&Extension->Lock, old);
    if (irp)
        IoCompleteRequest(irp, IO_NO_INCREMENT);
}
