/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

EXT_CALLBACK        Expired;
IO_WORKITEM_ROUTINE Work;

#pragma code_seg("PAGE")
VOID Work(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Context);
    PAGED_CODE();
}
#pragma code_seg()

struct context {
    PIO_WORKITEM Item;
};

VOID Expired(PEX_TIMER Timer, PVOID Context)
{
    struct context *context = Context;

    UNREFERENCED_PARAMETER(Timer);
    IoQueueWorkItem(context->Item, Work, DelayedWorkQueue, NULL);
}
