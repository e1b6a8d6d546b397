/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_STARTIO StartIo;

static VOID Complete(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb, UCHAR Status)
{
    Srb->SrbStatus = Status;
    StorPortNotification(RequestComplete, DeviceExtension, Srb);
}

BOOLEAN StartIo(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    Srb->SrbStatus = SRB_STATUS_PENDING;
    if (Srb->Function == SRB_FUNCTION_EXECUTE_SCSI)
        return TRUE; /* goes on */
    Complete(DeviceExtension, Srb, SRB_STATUS_INVALID_REQUEST);
    return TRUE;
}
