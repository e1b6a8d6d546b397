/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_STARTIO StartIo;

/* Each path completes the request once, and nothing looks at it afterwards. */
BOOLEAN StartIo(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    UCHAR function = Srb->Function;

    if (function == SRB_FUNCTION_FLUSH) {
        Srb->SrbStatus = SRB_STATUS_SUCCESS;
        StorPortNotification(RequestComplete, DeviceExtension, Srb);
    } else {
        Srb->SrbStatus = SRB_STATUS_INVALID_REQUEST;
        StorPortNotification(RequestComplete, DeviceExtension, Srb);
    }
    return function == SRB_FUNCTION_FLUSH;
}
