/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_STARTIO      StartIo;
HW_RESET_BUS    Reset;
HW_FIND_ADAPTER Find;

/* With one channel, the port holds the StartIo lock. */
BOOLEAN StartIo(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    STOR_LOCK_HANDLE handle = {0};

    UNREFERENCED_PARAMETER(Srb);
    StorPortAcquireSpinLock(DeviceExtension, StartIoLock, NULL, &handle); // expect: DT-S06
    StorPortReleaseSpinLock(DeviceExtension, &handle);
    return TRUE;
}

BOOLEAN Reset(PVOID DeviceExtension, ULONG PathId)
{
    STOR_LOCK_HANDLE handle = {0};

    UNREFERENCED_PARAMETER(PathId);
    StorPortAcquireSpinLock(DeviceExtension, DpcLock, DeviceExtension, &handle); // expect: DT-S06
    StorPortReleaseSpinLock(DeviceExtension, &handle);
    return TRUE;
}

ULONG Find(PVOID DeviceExtension, PVOID Context, PVOID Bus, PCHAR Arguments, PPORT_CONFIGURATION_INFORMATION Config,
    PBOOLEAN Again)
{
    STOR_LOCK_HANDLE handle = {0};

    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Bus);
    UNREFERENCED_PARAMETER(Arguments);
    *Again = FALSE;
    Config->MaximumTransferLength = 65536;
    Config->NumberOfPhysicalBreaks = 17;
    StorPortAcquireSpinLock(DeviceExtension, InterruptLock, NULL, &handle); // expect: DT-S06
    StorPortReleaseSpinLock(DeviceExtension, &handle);
    return SP_RETURN_FOUND;
}
