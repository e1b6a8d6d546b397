/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_BUILDIO   BuildIo;
HW_RESET_BUS Reset;

static VOID Lock(PVOID DeviceExtension, PSTOR_LOCK_HANDLE Handle)
{
    StorPortAcquireSpinLock(DeviceExtension, InterruptLock, NULL, Handle);
}

static VOID Unlock(PVOID DeviceExtension, PSTOR_LOCK_HANDLE Handle)
{
    StorPortReleaseSpinLock(DeviceExtension, Handle);
}

BOOLEAN BuildIo(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    STOR_LOCK_HANDLE handle = {0};
    BOOLEAN          go_on = TRUE;

    Lock(DeviceExtension, &handle);
    if (Srb->Function != SRB_FUNCTION_EXECUTE_SCSI) {
        go_on = FALSE;
        goto out;
    }
    Srb->SrbStatus = SRB_STATUS_PENDING;
out:
    Unlock(DeviceExtension, &handle);
    return go_on;
}

BOOLEAN Reset(PVOID DeviceExtension, ULONG PathId)
{
    ULONG irql;

    StorPortAcquireMSISpinLock(DeviceExtension, PathId, &irql);
    StorPortReleaseMSISpinLock(DeviceExtension, PathId, irql);
    return TRUE;
}

VOID Configure(PPORT_CONFIGURATION_INFORMATION ConfigInfo)
{
    ConfigInfo->InterruptSynchronizationMode = InterruptSynchronizePerMessage;
}
