/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_FIND_ADAPTER FindAdapter;
HW_TIMER        Tick;

typedef struct {
    LONG Ticks;
} EXTENSION, *PEXTENSION;

_Use_decl_annotations_ VOID Tick(PVOID DeviceExtension)
{
    PEXTENSION extension = DeviceExtension;

    InterlockedIncrement(&extension->Ticks);
    StorPortNotification(RequestTimerCall, DeviceExtension, Tick, 1000);
}
