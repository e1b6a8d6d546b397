/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef VOID NOTIFY(PVOID Context);

struct extension {
    KSPIN_LOCK Lock;
    NOTIFY    *Notify;
    PIRP       Irp;
};

_IRQL_requires_max_(DISPATCH_LEVEL) VOID Finish(struct extension *Extension)
{
    KIRQL old;

    KeAcquireSpinLock(&Extension->Lock, &old);
    IoCompleteRequest(Extension->Irp, IO_NO_INCREMENT); // expect: DT-L13
    Extension->Irp = NULL;
    KeReleaseSpinLock(&Extension->Lock, old);
}

_IRQL_requires_max_(DISPATCH_LEVEL) VOID Tell(struct extension *Extension)
{
    KIRQL old;

    KeAcquireSpinLock(&Extension->Lock, &old);
    Extension->Notify(Extension); // expect: DT-L13
    KeReleaseSpinLock(&Extension->Lock, old);
}
