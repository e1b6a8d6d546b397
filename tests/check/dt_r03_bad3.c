/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

#include <storport.h>

/* SIO-066, STM-016: declared by its role, but the body has none of the role's annotations. */
HW_TIMER Watchdog;

VOID Watchdog(PVOID HwDeviceExtension) // expect: DT-R03
{
    StorPortNotification(RequestTimerCall, HwDeviceExtension, Watchdog, 100000);
}
