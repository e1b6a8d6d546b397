/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

_IRQL_requires_max_(APC_LEVEL) VOID Use(PKEVENT Event, PKTIMER Timer, PKDPC Dpc)
{
    KeWaitForSingleObject(Event, UserRequest, KernelMode, FALSE, NULL);
    KeInitializeTimerEx(Timer, NotificationTimer);
    KeInitializeEvent(Event, SynchronizationEvent, FALSE);
    KeSetImportanceDpc(Dpc, HighImportance);
}
