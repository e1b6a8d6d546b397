/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_STARTIO StartIo;

static VOID tick(PVOID DeviceExtension)
{
    UNREFERENCED_PARAMETER(DeviceExtension);
}

BOOLEAN StartIo(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    UNREFERENCED_PARAMETER(Srb);
    StorPortNotification(RequestTimerCall, DeviceExtension, NULL, 1000); // expect: DT-S01
    StorPortNotification(RequestTimerCall, DeviceExtension, tick, 1000); // expect: DT-S01
    return TRUE;
}
