/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

VOID All(PKEVENT Events, ULONG Count)
{
    while (Count-- > 0) {
        KeSetEvent(&Events[Count], EVENT_INCREMENT, FALSE);
        KeResetEvent(&Events[Count]);
    }
}
