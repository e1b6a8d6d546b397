/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef IO_WORKITEM_ROUTINE MY_WORK;

IO_WORKITEM_ROUTINE Work;
MY_WORK             MyWork;

_Function_class_(IO_WORKITEM_ROUTINE) VOID Annotated(PDEVICE_OBJECT DeviceObject, PVOID Context);

VOID Queue(PIO_WORKITEM Item)
{
    IoQueueWorkItem(Item, Work, DelayedWorkQueue, NULL);
    IoQueueWorkItem(Item, MyWork, DelayedWorkQueue, NULL);
    IoQueueWorkItem(Item, Annotated, DelayedWorkQueue, NULL);
}
