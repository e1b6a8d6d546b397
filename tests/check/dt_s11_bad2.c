/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_STARTIO StartIo;
HW_BUILDIO BuildIo;

static VOID Complete(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    StorPortNotification(RequestComplete, DeviceExtension, Srb); // expect: DT-S11
}

BOOLEAN StartIo(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    Srb->SrbStatus = SRB_STATUS_PENDING;
    if (Srb->Function == SRB_FUNCTION_EXECUTE_SCSI)
        Srb->SrbStatus = SRB_STATUS_SUCCESS;
    Complete(DeviceExtension, Srb);
    return TRUE;
}

BOOLEAN BuildIo(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    UCHAR status = SRB_STATUS_PENDING;

    SrbSetSrbStatus(Srb, status);
    StorPortNotification(RequestComplete, DeviceExtension, Srb); // expect: DT-S11
    return FALSE;
}
