/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_STARTIO StartIo;

BOOLEAN StartIo(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    Srb->SrbStatus = SRB_STATUS_PENDING;
    StorPortNotification(RequestComplete, DeviceExtension, Srb); // expect: DT-S11
    return TRUE;
}

/* Shows ANN-053. */
