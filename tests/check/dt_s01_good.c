/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_STARTIO StartIo;
HW_TIMER   Tick;

BOOLEAN StartIo(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    UNREFERENCED_PARAMETER(Srb);
    StorPortNotification(RequestTimerCall, DeviceExtension, Tick, 1000);
    StorPortNotification(RequestTimerCall, DeviceExtension, NULL, 0); /* off */
    return TRUE;
}
