/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KDPC      Dpc;
    PEX_TIMER Timer;
    KTIMER    Old;
} EXTENSION, *PEXTENSION;

static VOID Expired(PEX_TIMER Timer, PVOID Context)
{
    UNREFERENCED_PARAMETER(Timer);
    UNREFERENCED_PARAMETER(Context);
}

static BOOLEAN Isr(PKINTERRUPT Interrupt, PVOID Context)
{
    UNREFERENCED_PARAMETER(Interrupt);
    UNREFERENCED_PARAMETER(Context);
    return TRUE;
}

static VOID DpcForIsr(PKDPC Dpc, PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Context);
}

static NTSTATUS Create(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    return STATUS_SUCCESS;
}

static NTSTATUS Completed(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Context);
    return STATUS_SUCCESS;
}

static VOID Cancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
}

VOID Start(PEXTENSION Extension, PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDRIVER_CANCEL routine = Cancel; // expect: DT-R01

    Extension->Timer = ExAllocateTimer(Expired, Extension, 0);                                         // expect: DT-R01
    IoInitializeDpcRequest(DeviceObject, DpcForIsr);                                                   // expect: DT-R01
    DriverObject->MajorFunction[IRP_MJ_CREATE] = Create;                                               // expect: DT-R01
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = DriverObject->MajorFunction[IRP_MJ_CLEANUP] = &Create; // expect: DT-R01
    IoSetCompletionRoutine(Irp, Completed, NULL, TRUE, TRUE, TRUE);                                    // expect: DT-R01
    (VOID) IoSetCancelRoutine(Irp, routine);
    ExDeleteTimer(Extension->Timer, TRUE, TRUE, NULL); // expect: DT-T18
}

NTSTATUS Connect(PIO_CONNECT_INTERRUPT_PARAMETERS Parameters)
{
    Parameters->FullySpecified.ServiceRoutine = Isr; // expect: DT-R01
    return IoConnectInterruptEx(Parameters);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) // expect: DT-R01
{
    UNREFERENCED_PARAMETER(DriverObject);
    UNREFERENCED_PARAMETER(RegistryPath);
    return STATUS_SUCCESS;
}
