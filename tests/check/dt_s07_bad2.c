/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_BUILDIO   BuildIo;
HW_RESET_BUS Reset;

static VOID Lock(PVOID DeviceExtension, PSTOR_LOCK_HANDLE Handle)
{
    StorPortAcquireSpinLock(DeviceExtension, InterruptLock, NULL, Handle);
}

BOOLEAN BuildIo(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    STOR_LOCK_HANDLE handle = {0};

    Lock(DeviceExtension, &handle);
    switch (Srb->Function) {
    case SRB_FUNCTION_EXECUTE_SCSI:
        break;
    default:
        return FALSE; // expect: DT-S07
    }
    StorPortReleaseSpinLock(DeviceExtension, &handle);
    return TRUE;
}

BOOLEAN Reset(PVOID DeviceExtension, ULONG PathId)
{
    STOR_LOCK_HANDLE handle = {0};

    if (PathId == 0)
        StorPortAcquireSpinLock(DeviceExtension, InterruptLock, NULL, &handle);
    StorPortReleaseSpinLock(DeviceExtension, &handle); // expect: DT-S07
    return TRUE;
}
