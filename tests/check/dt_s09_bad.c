/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_STARTIO StartIo;

BOOLEAN StartIo(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    Srb->SrbStatus = SRB_STATUS_SUCCESS;
    StorPortNotification(RequestComplete, DeviceExtension, Srb);
    return Srb->DataTransferLength != 0; // expect: DT-S09
}
