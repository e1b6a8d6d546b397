/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

#include <storport.h>

/* SIO-066, STM-016: the same, with _Use_decl_annotations_. */
HW_TIMER Watchdog;

_Use_decl_annotations_ VOID Watchdog(PVOID HwDeviceExtension)
{
    StorPortNotification(RequestTimerCall, HwDeviceExtension, Watchdog, 100000);
}
