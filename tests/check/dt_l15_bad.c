/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

DRIVER_DISPATCH Read;

struct extension {
    IO_REMOVE_LOCK RemoveLock;
    ERESOURCE      Resource;
    LONG           Count;
};

NTSTATUS Read(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    struct extension *extension = DeviceObject->DeviceExtension;
    NTSTATUS          status = IoAcquireRemoveLock(&extension->RemoveLock, Irp);

    if (!NT_SUCCESS(status)) {
        IoReleaseRemoveLock(&extension->RemoveLock, Irp); // expect: DT-L15
        return status;
    }
    if (extension->Count == 0)
        return STATUS_DEVICE_NOT_READY; // expect: DT-L15
    IoReleaseRemoveLock(&extension->RemoveLock, Irp);
    return STATUS_SUCCESS;
}

_IRQL_requires_max_(APC_LEVEL) VOID Count(struct extension *Extension)
{
    KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(&Extension->Resource, TRUE);
    if (++Extension->Count < 0)
        ExReleaseResourceLite(&Extension->Resource);
    KeLeaveCriticalRegion();
} // expect: DT-L15
