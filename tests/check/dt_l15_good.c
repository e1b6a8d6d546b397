/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

DRIVER_DISPATCH Read;

struct extension {
    IO_REMOVE_LOCK RemoveLock;
    ERESOURCE      Resource;
    EX_RUNDOWN_REF Rundown;
    LONG           Count;
};

NTSTATUS Read(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    struct extension *extension = DeviceObject->DeviceExtension;
    NTSTATUS          status = IoAcquireRemoveLock(&extension->RemoveLock, Irp);

    if (!NT_SUCCESS(status))
        return status;
    if (extension->Count == 0)
        status = STATUS_DEVICE_NOT_READY;
    IoReleaseRemoveLock(&extension->RemoveLock, Irp);
    return status;
}

_IRQL_requires_max_(APC_LEVEL) VOID Count(struct extension *Extension)
{
    KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(&Extension->Resource, TRUE);
    ExAcquireResourceExclusiveLite(&Extension->Resource, TRUE); /* again: it counts */
    Extension->Count += 1;
    ExReleaseResourceLite(&Extension->Resource);
    ExReleaseResourceLite(&Extension->Resource);
    if (ExAcquireResourceSharedLite(&Extension->Resource, FALSE))
        ExReleaseResourceLite(&Extension->Resource);
    KeLeaveCriticalRegion();
    if (ExAcquireRundownProtection(&Extension->Rundown)) {
        Extension->Count += 1;
        ExReleaseRundownProtection(&Extension->Rundown);
    }
}
