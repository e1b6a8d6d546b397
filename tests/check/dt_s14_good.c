/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_STARTIO StartIo;
HW_TIMER   Retry;

BOOLEAN StartIo(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    UNREFERENCED_PARAMETER(Srb);
    StorPortNotification(RequestTimerCall, DeviceExtension, Retry, 1000);
    return TRUE;
}
