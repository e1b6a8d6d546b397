/* SPDX-License-Identifier: MIT */
/* startio.c - StartIo and IoTimer share the state of a transfer with the interrupt routine (SIO-020, IOT-018). */
#include <ntddk.h>

#define VECTOR 0x51
#define DIRQL  5

typedef struct _EXTENSION {
    PKINTERRUPT Interrupt;
    LONG        Left; /* what is left of the transfer */
} EXTENSION, *PEXTENSION;

DRIVER_INITIALIZE    DriverEntry;
DRIVER_UNLOAD        Unload;
DRIVER_STARTIO       StartIo;
KSERVICE_ROUTINE     Isr;
KSYNCHRONIZE_ROUTINE Prepare;
IO_TIMER_ROUTINE     OnSecond;
KSTART_ROUTINE       Device;

unsigned char dt_interrupt(unsigned vector);

_Use_decl_annotations_ BOOLEAN Isr(PKINTERRUPT Interrupt, PVOID Context)
{
    PEXTENSION Extension = Context;

    UNREFERENCED_PARAMETER(Interrupt);
    Extension->Left--;
    return TRUE;
}

_Use_decl_annotations_ BOOLEAN Prepare(PVOID Context)
{
    PEXTENSION Extension = Context;

    Extension->Left = 2;
    return TRUE;
}

static VOID Begin(PEXTENSION Extension)
{
#ifdef REPAIRED
    KeSynchronizeExecution(Extension->Interrupt, Prepare, Extension);
#else
    Prepare(Extension);
#endif
}

_Use_decl_annotations_ VOID StartIo(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Irp);
    Begin(DeviceObject->DeviceExtension);
}

_Use_decl_annotations_ VOID OnSecond(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    Begin(Context);
}

_Use_decl_annotations_ VOID Device(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    dt_interrupt(VECTOR);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

_Use_decl_annotations_ VOID Unload(PDRIVER_OBJECT Driver)
{
    PEXTENSION Extension = Driver->DeviceObject->DeviceExtension;

    IoStopTimer(Driver->DeviceObject);
    IoDisconnectInterrupt(Extension->Interrupt);
    IoDeleteDevice(Driver->DeviceObject);
}

/* The device interrupts from a thread of its own while the driver begins a transfer, or its timer looks. */
static NTSTATUS Run(PDEVICE_OBJECT DeviceObject)
{
    HANDLE        Thread;
    PVOID         Object;
    LARGE_INTEGER Second;

    if (!NT_SUCCESS(PsCreateSystemThread(&Thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, Device, NULL)))
        return STATUS_INSUFFICIENT_RESOURCES;
    ObReferenceObjectByHandle(Thread, SYNCHRONIZE, *PsThreadType, KernelMode, &Object, NULL);
    ZwClose(Thread);
#ifdef TIMER
    IoStartTimer(DeviceObject);
    Second.QuadPart = -12000000;
    KeDelayExecutionThread(KernelMode, FALSE, &Second);
#elif defined SAME /* it interrupts the very thread: that is no order either */
    Begin(DeviceObject->DeviceExtension);
    dt_interrupt(VECTOR);
    Begin(DeviceObject->DeviceExtension);
#else
    PIRP Irp = IoAllocateIrp(1, FALSE);

    Second.QuadPart = 0;
    if (!Irp)
        return STATUS_INSUFFICIENT_RESOURCES;
    IoStartPacket(DeviceObject, Irp, NULL, NULL);
#endif
    KeWaitForSingleObject(Object, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(Object);
    UNREFERENCED_PARAMETER(Second);
#if !defined TIMER && !defined SAME
    IoFreeIrp(Irp);
#endif
    return STATUS_SUCCESS;
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT DeviceObject;
    PEXTENSION     Extension;
    NTSTATUS       Status;

    UNREFERENCED_PARAMETER(RegistryPath);
    Driver->DriverUnload = Unload;
    Driver->DriverStartIo = StartIo;
    Status = IoCreateDevice(Driver, sizeof(EXTENSION), NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &DeviceObject);
    if (!NT_SUCCESS(Status))
        return Status;
    Extension = DeviceObject->DeviceExtension;
    Extension->Left = 0;
    Status = IoInitializeTimer(DeviceObject, OnSecond, Extension);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = IoConnectInterrupt(
        &Extension->Interrupt, Isr, Extension, NULL, VECTOR, DIRQL, DIRQL, Latched, FALSE, ~(KAFFINITY)0, FALSE);
    return NT_SUCCESS(Status) ? Run(DeviceObject) : Status;
}
