/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

IO_TIMER_ROUTINE    Tick;
IO_WORKITEM_ROUTINE Work;

VOID Queue(PIO_WORKITEM Item)
{
    IoQueueWorkItem(Item, Tick, DelayedWorkQueue, NULL); // expect: DT-R03
}

_Function_class_(FIRST) _Function_class_(SECOND) VOID Both(VOID); // expect: DT-R03

_Function_class_(IO_TIMER_ROUTINE) IO_WORKITEM_ROUTINE Other; // expect: DT-R03

/* Shows ANN-051. */
