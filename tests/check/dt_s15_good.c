/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_FIND_ADAPTER FindAdapter;
HW_STARTIO      StartIo;

BOOLEAN StartIo(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    StorPortFreePool(DeviceExtension, Srb->SrbExtension);
    return TRUE;
}
