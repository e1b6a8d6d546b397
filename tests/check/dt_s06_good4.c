/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_STARTIO    StartIo;
HW_INITIALIZE Initialize;

/* More than one channel: nobody holds the StartIo lock for HwStorStartIo. */
BOOLEAN Initialize(PVOID DeviceExtension)
{
    PERF_CONFIGURATION_DATA data = {0};

    data.Version = STOR_PERF_VERSION;
    data.Size = sizeof data;
    if (StorPortInitializePerfOpts(DeviceExtension, TRUE, &data) != STOR_STATUS_SUCCESS)
        return FALSE;
    data.Flags &= STOR_PERF_CONCURRENT_CHANNELS;
    data.ConcurrentChannels = 4;
    return StorPortInitializePerfOpts(DeviceExtension, FALSE, &data) == STOR_STATUS_SUCCESS;
}

BOOLEAN StartIo(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    STOR_LOCK_HANDLE start = {0}, dpc = {0};

    UNREFERENCED_PARAMETER(Srb);
    StorPortAcquireSpinLock(DeviceExtension, StartIoLock, NULL, &start);
    StorPortReleaseSpinLock(DeviceExtension, &start);
    StorPortAcquireSpinLock(DeviceExtension, DpcLock, DeviceExtension, &dpc);
    StorPortReleaseSpinLock(DeviceExtension, &dpc);
    return TRUE;
}
