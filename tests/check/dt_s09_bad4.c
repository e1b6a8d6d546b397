/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_STARTIO StartIo;

static void Finish(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    StorPortNotification(RequestComplete, DeviceExtension, Srb);
    Srb->SrbFlags = 0; // expect: DT-S09
}

/* What was completed in a routine below is as gone here; and nothing is completed twice. */
BOOLEAN StartIo(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    Srb->SrbStatus = SRB_STATUS_SUCCESS;
    Finish(DeviceExtension, Srb);
    if (Srb->Lun == 0)                                               // expect: DT-S09
        StorPortNotification(RequestComplete, DeviceExtension, Srb); // expect: DT-S09
    return TRUE;
}
