/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    IO_REMOVE_LOCK RemoveLock;
    ERESOURCE      Resource;
    EX_RUNDOWN_REF Rundown;
    LONG           Count;
} EXTENSION, *PEXTENSION;

DRIVER_DISPATCH Forward;

NTSTATUS Forward(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PEXTENSION extension = DeviceObject->DeviceExtension;
    NTSTATUS   status = IoAcquireRemoveLock(&extension->RemoveLock, Irp);

    if (!NT_SUCCESS(status)) {
        Irp->IoStatus.Status = status;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        return status;
    }
    IoReleaseRemoveLock(&extension->RemoveLock, Irp);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

_Requires_lock_held_(_Global_critical_region_) _Acquires_exclusive_lock_(Extension->Resource) VOID
    Take(PEXTENSION Extension)
{
    ExAcquireResourceExclusiveLite(&Extension->Resource, TRUE);
}

_Requires_lock_held_(_Global_critical_region_) _Releases_exclusive_lock_(Extension->Resource) VOID
    Give(PEXTENSION Extension)
{
    ExReleaseResourceLite(&Extension->Resource);
}

_IRQL_requires_max_(APC_LEVEL) VOID Use(PEXTENSION Extension)
{
    KeEnterCriticalRegion();
    Take(Extension);
    Extension->Count++;
    Give(Extension);
    KeLeaveCriticalRegion();
    if (ExAcquireRundownProtection(&Extension->Rundown)) {
        Extension->Count--;
        ExReleaseRundownProtection(&Extension->Rundown);
    }
}

/* Shows ANN-036. */
