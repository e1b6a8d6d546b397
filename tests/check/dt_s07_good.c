/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_BUILDIO BuildIo;

BOOLEAN BuildIo(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    STOR_LOCK_HANDLE handle = {0};
    BOOLEAN          go_on;

    StorPortAcquireSpinLock(DeviceExtension, StartIoLock, NULL, &handle);
    go_on = Srb->DataTransferLength != 0;
    StorPortReleaseSpinLock(DeviceExtension, &handle);
    return go_on;
}
