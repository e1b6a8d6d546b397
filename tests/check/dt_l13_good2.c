/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Lock;
    LIST_ENTRY Pending;
} EXTENSION, *PEXTENSION;

EXT_CALLBACK Expired;

VOID Expired(PEX_TIMER Timer, PVOID Context)
{
    PEXTENSION  extension = Context;
    PLIST_ENTRY entry;
    PIRP        irp;

    UNREFERENCED_PARAMETER(Timer);
    KeAcquireSpinLockAtDpcLevel(&extension->Lock);
    while (!IsListEmpty(&extension->Pending)) {
        entry = RemoveHeadList(&extension->Pending);
        KeReleaseSpinLockFromDpcLevel(&extension->Lock);
        irp = CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry);
        irp->IoStatus.Status = STATUS_IO_TIMEOUT;
        IoCompleteRequest(irp, IO_NO_INCREMENT);
        KeAcquireSpinLockAtDpcLevel(&extension->Lock);
    }
    KeReleaseSpinLockFromDpcLevel(&extension->Lock);
}
