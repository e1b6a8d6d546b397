/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_STARTIO StartIo;
HW_TIMER   Tick;

typedef struct {
    PSCSI_REQUEST_BLOCK Pending;
    ULONG               Bytes;
} EXTENSION, *PEXTENSION;

static VOID Complete(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb, UCHAR Status)
{
    Srb->SrbStatus = Status;
    StorPortNotification(RequestComplete, DeviceExtension, Srb);
}

BOOLEAN StartIo(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    PEXTENSION extension = DeviceExtension;

    Complete(DeviceExtension, Srb, SRB_STATUS_SUCCESS);
    extension->Bytes += Srb->DataTransferLength; // expect: DT-S09
    return TRUE;
}

_Use_decl_annotations_ VOID Tick(PVOID DeviceExtension)
{
    PEXTENSION          extension = DeviceExtension;
    PSCSI_REQUEST_BLOCK srb = extension->Pending;

    if (!srb)
        return;
    srb->SrbStatus = SRB_STATUS_TIMEOUT;
    StorPortNotification(RequestComplete, DeviceExtension, srb);
    if (srb->SrbFlags) // expect: DT-S09
        extension->Bytes = 0;
}
