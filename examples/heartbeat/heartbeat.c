/* SPDX-License-Identifier: MIT */
/*
 * heartbeat.c - a WDM driver that beats: a periodic EX_TIMER counts, and feeds a watchdog, a KTIMER whose DPC
 * counts the beats that were missed.
 *
 * IOCTL_HB_START makes a session in pool, IOCTL_HB_STOP tears it down. The tear-down has the classic race;
 * compiled with -D HEARTBEAT_REPAIRED it does not. Can you see it before Duetime does?
 */
#include "heartbeat.h"

#define HB_TAG 'trbH'

typedef struct _HB_SESSION {
    PEX_TIMER Beat;
    KTIMER    Watchdog;
    KDPC      WatchdogDpc;
    LONGLONG  Patience; /* of the watchdog, relative, 100 ns */
    HB_COUNTS Counts;
} HB_SESSION, *PHB_SESSION;

typedef struct _HB_EXTENSION {
    PHB_SESSION Session;
} HB_EXTENSION, *PHB_EXTENSION;

static EXT_CALLBACK      HbBeat;
static KDEFERRED_ROUTINE HbWatchdogDpc;

_Dispatch_type_(IRP_MJ_CREATE) _Dispatch_type_(IRP_MJ_CLOSE) static DRIVER_DISPATCH HbCreateClose;
_Dispatch_type_(IRP_MJ_DEVICE_CONTROL) static DRIVER_DISPATCH HbDeviceControl;
static DRIVER_UNLOAD HbUnload;

static UNICODE_STRING HbDevice = RTL_CONSTANT_STRING(L"\\Device\\Heartbeat");
static UNICODE_STRING HbLink = RTL_CONSTANT_STRING(L"\\DosDevices\\Heartbeat");

static VOID HbFeedWatchdog(PHB_SESSION Session)
{
    LARGE_INTEGER due;

    due.QuadPart = Session->Patience;
    KeSetTimer(&Session->Watchdog, due, &Session->WatchdogDpc);
}

static VOID HbBeat(PEX_TIMER Timer, PVOID Context)
{
    PHB_SESSION session = Context;

    UNREFERENCED_PARAMETER(Timer);
    InterlockedIncrement(&session->Counts.Beats);
    HbFeedWatchdog(session);
}

static VOID HbWatchdogDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PHB_SESSION session = Context;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    InterlockedIncrement(&session->Counts.Missed);
}

static NTSTATUS HbStart(PHB_EXTENSION Extension, ULONG PeriodMs)
{
    LONGLONG    period = (LONGLONG)PeriodMs * 10000;
    PHB_SESSION session;

    if (PeriodMs == 0 || Extension->Session)
        return STATUS_INVALID_DEVICE_STATE;
    session = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(HB_SESSION), HB_TAG);
    if (!session)
        return STATUS_INSUFFICIENT_RESOURCES;
    session->Beat = ExAllocateTimer(HbBeat, session, 0);
    if (!session->Beat) {
        ExFreePoolWithTag(session, HB_TAG);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    session->Patience = -2 * period;
    KeInitializeTimer(&session->Watchdog);
    KeInitializeDpc(&session->WatchdogDpc, HbWatchdogDpc, session);
    HbFeedWatchdog(session);
    ExSetTimer(session->Beat, -period, period, NULL);
    Extension->Session = session;
    return STATUS_SUCCESS;
}

static VOID HbStop(PHB_EXTENSION Extension)
{
    PHB_SESSION session = InterlockedExchangePointer((PVOID *)&Extension->Session, NULL);

    if (!session)
        return;
    ExDeleteTimer(session->Beat, TRUE, TRUE, NULL);
    KeCancelTimer(&session->Watchdog);
#ifdef HEARTBEAT_REPAIRED
    KeFlushQueuedDpcs();
#endif
    ExFreePoolWithTag(session, HB_TAG);
}

static NTSTATUS HbComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS HbCreateClose(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    return HbComplete(Irp, STATUS_SUCCESS, 0);
}

static NTSTATUS HbDeviceControl(PDEVICE_OBJECT Device, PIRP Irp)
{
    PHB_EXTENSION      extension = Device->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    PVOID              buffer = Irp->AssociatedIrp.SystemBuffer;

    switch (stack->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_HB_START:
        if (stack->Parameters.DeviceIoControl.InputBufferLength < sizeof(ULONG))
            return HbComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
        return HbComplete(Irp, HbStart(extension, *(ULONG *)buffer), 0);
    case IOCTL_HB_STOP:
        HbStop(extension);
        return HbComplete(Irp, STATUS_SUCCESS, 0);
    case IOCTL_HB_QUERY:
        if (stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof(HB_COUNTS))
            return HbComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
        if (!extension->Session)
            return HbComplete(Irp, STATUS_INVALID_DEVICE_STATE, 0);
        *(HB_COUNTS *)buffer = extension->Session->Counts;
        return HbComplete(Irp, STATUS_SUCCESS, sizeof(HB_COUNTS));
    default:
        return HbComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
}

static VOID HbUnload(PDRIVER_OBJECT Driver)
{
    HbStop(Driver->DeviceObject->DeviceExtension);
    IoDeleteSymbolicLink(&HbLink);
    IoDeleteDevice(Driver->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    NTSTATUS       status;

    UNREFERENCED_PARAMETER(RegistryPath);
    Driver->MajorFunction[IRP_MJ_CREATE] = HbCreateClose;
    Driver->MajorFunction[IRP_MJ_CLOSE] = HbCreateClose;
    Driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = HbDeviceControl;
    Driver->DriverUnload = HbUnload;
    status = IoCreateDevice(Driver, sizeof(HB_EXTENSION), &HbDevice, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    status = IoCreateSymbolicLink(&HbLink, &HbDevice);
    if (!NT_SUCCESS(status))
        IoDeleteDevice(device);
    return status;
}
