/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

static VOID Wake(PKEVENT Event)
{
    if (!KePulseEvent(Event, EVENT_INCREMENT, FALSE)) // expect: DT-W12
        KeClearEvent(Event);
}

VOID All(PKEVENT Events, ULONG Count)
{
    while (Count-- > 0)
        Wake(&Events[Count]);
}
