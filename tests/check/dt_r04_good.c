/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

IO_TIMER_ROUTINE    Tick;
IO_WORKITEM_ROUTINE Work;

static void count(PVOID Context)
{
    *(PLONG)Context += 1;
}

VOID Tick(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    count(Context);
}

VOID Work(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    count(Context);
}

VOID Start(PDEVICE_OBJECT DeviceObject, PIO_WORKITEM Item)
{
    PIO_TIMER_ROUTINE routine = Tick;

    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(routine);
    IoQueueWorkItem(Item, Work, DelayedWorkQueue, NULL);
}
