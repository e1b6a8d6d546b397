/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_RESET_BUS Reset;

BOOLEAN Reset(PVOID DeviceExtension, ULONG PathId)
{
    StorPortNotification(ResetDetected, DeviceExtension, PathId);
    return TRUE;
}
