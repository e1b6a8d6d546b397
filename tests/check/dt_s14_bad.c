/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_STARTIO StartIo;

BOOLEAN StartIo(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    UNREFERENCED_PARAMETER(DeviceExtension);
    UNREFERENCED_PARAMETER(Srb);
    StorPortStallExecution(1000); // expect: DT-S14
    return TRUE;
}
