/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_BUILDIO BuildIo;

HW_RESET_BUS Reset;

BOOLEAN BuildIo(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    STOR_LOCK_HANDLE handle = {0};

    StorPortAcquireSpinLock(DeviceExtension, StartIoLock, NULL, &handle);
    if (Srb->DataTransferLength == 0)
        return FALSE; // expect: DT-S07
    StorPortReleaseSpinLock(DeviceExtension, &handle);
    return TRUE;
}

BOOLEAN Reset(PVOID DeviceExtension, ULONG PathId)
{
    ULONG irql;

    StorPortAcquireMSISpinLock(DeviceExtension, PathId, &irql); // expect: DT-S07
    StorPortReleaseMSISpinLock(DeviceExtension, PathId, irql);
    return TRUE;
}

VOID Configure(PPORT_CONFIGURATION_INFORMATION ConfigInfo)
{
    ConfigInfo->InterruptSynchronizationMode = InterruptSynchronizeAll;
}
