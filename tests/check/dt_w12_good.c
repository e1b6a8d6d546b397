/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

VOID Wake(PKEVENT Event)
{
    KeSetEvent(Event, IO_NO_INCREMENT, FALSE);
}
