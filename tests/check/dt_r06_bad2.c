/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

#define MY_MODE Executive

static VOID Prepare(PKEVENT Event, PKTIMER Timer)
{
    KeInitializeEvent(Event, NotificationTimer, FALSE); // expect: DT-R06
    KeInitializeTimerEx(Timer, (TIMER_TYPE)NotificationTimer);
}

_IRQL_requires_max_(APC_LEVEL) NTSTATUS Wait(PKEVENT Event, PKTIMER Timer, PVOID *Objects)
{
    LARGE_INTEGER interval = {.QuadPart = -100000};

    Prepare(Event, Timer);
    if (KeDelayExecutionThread(Executive, FALSE, &interval) != STATUS_SUCCESS) // expect: DT-R06
        return STATUS_UNSUCCESSFUL;
    if (KeWaitForMultipleObjects(2, Objects, KernelMode, Executive, KernelMode, FALSE, NULL, NULL)) // expect: DT-R06
        return STATUS_UNSUCCESSFUL;
    return KeWaitForSingleObject(Event, Executive, MY_MODE, FALSE, NULL); // expect: DT-R06
}
