/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

DRIVER_CANCEL Cancel;

BOOLEAN IsSet(PKTIMER Timer, PKEVENT Event)
{
    return Timer->Header.SignalState || // expect: DT-R05
           Event->Header.SignalState;   // expect: DT-R05
}

VOID Change(PDEVICE_OBJECT DeviceObject, PIRP Irp, PKDPC Dpc)
{
    Dpc->DeferredContext = NULL;           // expect: DT-R05
    Irp->CancelRoutine = Cancel;           // expect: DT-R05
    if (DeviceObject->AttachedDevice)      // expect: DT-R05
        DeviceObject->DriverObject = NULL; // expect: DT-R05
}
