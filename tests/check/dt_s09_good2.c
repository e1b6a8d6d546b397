/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_STARTIO StartIo;

typedef struct {
    PSCSI_REQUEST_BLOCK Pending;
    ULONG               Bytes;
} EXTENSION, *PEXTENSION;

static BOOLEAN CompleteIf(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    if (Srb->DataTransferLength)
        return FALSE;
    Srb->SrbStatus = SRB_STATUS_SUCCESS;
    StorPortNotification(RequestComplete, DeviceExtension, Srb);
    return TRUE;
}

BOOLEAN StartIo(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    PEXTENSION extension = DeviceExtension;

    if (CompleteIf(DeviceExtension, Srb))
        return TRUE;
    extension->Bytes += Srb->DataTransferLength;
    extension->Pending = Srb;
    return TRUE;
}
