/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

KDEFERRED_ROUTINE   Dpc;
IO_WORKITEM_ROUTINE Work;
static KEVENT       event;
static PIO_WORKITEM item;

VOID Work(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Context);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
}

VOID Dpc(PKDPC Self, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Self);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    KeSetEvent(&event, IO_NO_INCREMENT, FALSE);
    IoQueueWorkItem(item, Work, DelayedWorkQueue, NULL);
}
