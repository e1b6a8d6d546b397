/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_RESET_BUS Reset;

BOOLEAN Reset(PVOID DeviceExtension, ULONG PathId)
{
    UNREFERENCED_PARAMETER(PathId);
    StorPortCompleteRequest(DeviceExtension, 0, 0xff, 0xff, SRB_STATUS_BUS_RESET); // expect: DT-S16
    return TRUE;
}
