/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

VOID Wake(PKEVENT Event)
{
    KePulseEvent(Event, IO_NO_INCREMENT, FALSE); // expect: DT-W12
}
