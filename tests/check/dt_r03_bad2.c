/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

EXT_CALLBACK        Expired;
KDEFERRED_ROUTINE   Dpc;
DRIVER_DISPATCH     Read;
IO_WORKITEM_ROUTINE Work;

typedef _Function_class_(MY_VISIT) VOID VISIT(PVOID Context);
typedef _Function_class_(MY_CLOSE) VOID CLOSE(PVOID Context);

VISIT Visit;

static CLOSE *close = Visit; // expect: DT-R03

VOID Start(PDRIVER_OBJECT DriverObject, PIO_WORKITEM Item, CLOSE **Out)
{
    DriverObject->DriverUnload = (PDRIVER_UNLOAD)Dpc;                                  // expect: DT-R02
    *Out = Visit;                                                                      // expect: DT-R03
    IoQueueWorkItem(Item, (PIO_WORKITEM_ROUTINE)(PVOID)Read, DelayedWorkQueue, close); // expect: DT-R02
}
