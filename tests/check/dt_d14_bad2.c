/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Lock;
    LONG       Count;
} EXTENSION, *PEXTENSION;

EXT_CALLBACK    Expired;
DRIVER_DISPATCH Read;

static VOID Count(PEXTENSION Extension)
{
    KLOCK_QUEUE_HANDLE handle;

    KeAcquireInStackQueuedSpinLockForDpc(&Extension->Lock, &handle); // expect: DT-D14
    Extension->Count++;
    KeReleaseInStackQueuedSpinLockForDpc(&handle); // expect: DT-D14
}

VOID Expired(PEX_TIMER Timer, PVOID Context)
{
    UNREFERENCED_PARAMETER(Timer);
    Count(Context);
}

NTSTATUS Read(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PEXTENSION extension = DeviceObject->DeviceExtension;
    KIRQL      old = KeAcquireSpinLockForDpc(&extension->Lock); // expect: DT-D14

    KeReleaseSpinLockForDpc(&extension->Lock, old); // expect: DT-D14
    Irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}
