/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    LONG  Count;
    KIRQL Old;
} EXTENSION, *PEXTENSION;

DRIVER_DISPATCH      Write;
KSYNCHRONIZE_ROUTINE Synchronize;
DRIVER_STARTIO       StartIo;

static VOID Raise(PEXTENSION Extension)
{
    Extension->Old = KeRaiseIrqlToDpcLevel();
} // expect: DT-I05

NTSTATUS Write(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PEXTENSION extension = DeviceObject->DeviceExtension;

    Raise(extension);
    if (extension->Count == 0) {
        Irp->IoStatus.Status = STATUS_DEVICE_NOT_READY;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        return STATUS_DEVICE_NOT_READY; // expect: DT-I09
    }
    KeLowerIrql(extension->Old);
    return STATUS_SUCCESS;
}

BOOLEAN Synchronize(PVOID Context)
{
    PEXTENSION extension = Context;

    KeRaiseIrql(HIGH_LEVEL, &extension->Old);
    return TRUE; // expect: DT-I09
}

VOID StartIo(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    KeLowerIrql(PASSIVE_LEVEL); // expect: DT-I07
} // expect: DT-I09

/* Shows ANN-022. */
