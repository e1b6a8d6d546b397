/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

DRIVER_CANCEL Cancel;

BOOLEAN IsSet(PKTIMER Timer, PKEVENT Event)
{
    return KeReadStateTimer(Timer) || KeReadStateEvent(Event);
}

VOID Change(PDEVICE_OBJECT DeviceObject, PIRP Irp, PKDPC Dpc, PKDEFERRED_ROUTINE Routine)
{
    KeInitializeDpc(Dpc, Routine, NULL);
    IoSetCancelRoutine(Irp, Cancel);
    DeviceObject->Flags |= DO_BUFFERED_IO;
    DeviceObject->Flags &= ~DO_DEVICE_INITIALIZING;
    Irp->IoStatus.Information = 0;
}
