/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

IO_TIMER_ROUTINE Tick;

VOID Tick(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Context);
}

VOID Start(PDEVICE_OBJECT DeviceObject, PIO_WORKITEM Item)
{
    PIO_TIMER_ROUTINE routine = Tick;

    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(routine);
    IoQueueWorkItem(Item, Tick, DelayedWorkQueue, NULL); // expect: DT-R04
}
