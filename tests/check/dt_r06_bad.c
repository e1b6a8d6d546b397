/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

_IRQL_requires_max_(APC_LEVEL) VOID Use(PKEVENT Event, PKTIMER Timer, PKDPC Dpc)
{
    KeWaitForSingleObject(Event, UserRequest, UserRequest, FALSE, NULL); // expect: DT-R06
    KeInitializeTimerEx(Timer, NotificationEvent);                       // expect: DT-R06
    KeInitializeEvent(Event, SynchronizationTimer, FALSE);               // expect: DT-R06
    KeSetImportanceDpc(Dpc, WaitAny);                                    // expect: DT-R06
}

/* Shows ANN-045. */
