/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_INTERRUPT Interrupt;

static VOID Report(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    StorPortLogError(DeviceExtension, Srb, 0, 0, 0, SP_INTERNAL_ADAPTER_ERROR, 1); // expect: DT-S16
}

BOOLEAN Interrupt(PVOID DeviceExtension)
{
    Report(DeviceExtension, NULL);
    StorPortNotification(NextRequest, DeviceExtension); // expect: DT-S16
    return TRUE;
}
