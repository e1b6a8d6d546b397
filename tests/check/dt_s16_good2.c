/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_INTERRUPT Interrupt;

BOOLEAN Interrupt(PVOID DeviceExtension)
{
    StorPortNotification(BusChangeDetected, DeviceExtension, 0);
    StorPortNotification(ResetDetected, DeviceExtension);
    return TRUE;
}
