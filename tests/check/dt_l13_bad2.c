/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK     Lock, QueuedLock;
    LIST_ENTRY     Pending;
    PDRIVER_CANCEL Cancel;
} EXTENSION, *PEXTENSION;

EXT_CALLBACK Expired;

static VOID Complete(PIRP Irp, NTSTATUS Status)
{
    Irp->IoStatus.Status = Status;
    IoCompleteRequest(Irp, IO_NO_INCREMENT); // expect: DT-L13
}

VOID Expired(PEX_TIMER Timer, PVOID Context)
{
    PEXTENSION extension = Context;

    UNREFERENCED_PARAMETER(Timer);
    KeAcquireSpinLockAtDpcLevel(&extension->Lock);
    while (!IsListEmpty(&extension->Pending)) {
        PLIST_ENTRY entry = RemoveHeadList(&extension->Pending);

        Complete(CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry), STATUS_IO_TIMEOUT);
    }
    KeReleaseSpinLockFromDpcLevel(&extension->Lock);
}

_IRQL_requires_max_(DISPATCH_LEVEL) VOID Next(PDEVICE_OBJECT DeviceObject)
{
    PEXTENSION         extension = DeviceObject->DeviceExtension;
    KLOCK_QUEUE_HANDLE handle;

    KeAcquireInStackQueuedSpinLock(&extension->QueuedLock, &handle);
    IoStartNextPacket(DeviceObject, FALSE); // expect: DT-L13
    KeReleaseInStackQueuedSpinLock(&handle);
}
