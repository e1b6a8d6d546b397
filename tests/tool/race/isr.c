/* SPDX-License-Identifier: MIT */
/* isr.c - an interrupt routine and its DpcForIsr, on two processors at once, share a word of the device extension (DPC-085). */
#include <ntddk.h>

#define DIRQL 5

typedef struct _EXTENSION {
    LONG Status; /* bits that the interrupt routine has found and DpcForIsr has not handled */
} EXTENSION, *PEXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD     Unload;
IO_DPC_ROUTINE    DpcForIsr;

static LONG Handled;

_Use_decl_annotations_ VOID DpcForIsr(PKDPC Dpc, PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    PEXTENSION Extension = Device->DeviceExtension;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Context);
#ifdef REPAIRED
    Handled |= InterlockedExchange(&Extension->Status, 0);
#else
    Handled |= Extension->Status;
    Extension->Status = 0;
#endif
}

/* A thread at device level stands for it. */
static VOID Interrupt(PDEVICE_OBJECT Device, LONG Bit)
{
    PEXTENSION Extension = Device->DeviceExtension;
    KIRQL      OldIrql;

    KeRaiseIrql(DIRQL, &OldIrql);
#ifdef REPAIRED
    InterlockedOr(&Extension->Status, Bit);
#else
    Extension->Status |= Bit;
#endif
    IoRequestDpc(Device, NULL, NULL);
    KeLowerIrql(OldIrql);
}

_Use_decl_annotations_ VOID Unload(PDRIVER_OBJECT Driver)
{
    KeFlushQueuedDpcs();
    IoDeleteDevice(Driver->DeviceObject);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT Device;
    NTSTATUS       Status;

    UNREFERENCED_PARAMETER(RegistryPath);
    Driver->DriverUnload = Unload;
    Status = IoCreateDevice(Driver, sizeof(EXTENSION), NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &Device);
    if (!NT_SUCCESS(Status))
        return Status;
    IoInitializeDpcRequest(Device, DpcForIsr);
    KeSetTargetProcessorDpc(&Device->Dpc, 1);
    KeSetImportanceDpc(&Device->Dpc, HighImportance);
    Interrupt(Device, 1);
    Interrupt(Device, 2);
    return STATUS_SUCCESS;
}
