/* SPDX-License-Identifier: MIT */
#include <storport.h>

typedef struct {
    LONG volatile Claimed;
    ULONG Started;
} EXTENSION, *PEXTENSION;

HW_INITIALIZE Initialize;
HW_STARTIO    StartIo;
HW_TIMER      Tick;

BOOLEAN Initialize(PVOID DeviceExtension)
{
    PERF_CONFIGURATION_DATA data = {.Version = 4, .Size = sizeof data};

    if (StorPortInitializePerfOpts(DeviceExtension, TRUE, &data) != STOR_STATUS_SUCCESS)
        return FALSE;
    data.Flags = STOR_PERF_CONCURRENT_CHANNELS;
    data.ConcurrentChannels = 4;
    return StorPortInitializePerfOpts(DeviceExtension, FALSE, &data) == STOR_STATUS_SUCCESS;
}

BOOLEAN StartIo(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    PEXTENSION extension = DeviceExtension;

    UNREFERENCED_PARAMETER(Srb);
    InterlockedExchange(&extension->Claimed, 1);
    extension->Started++; // expect: DT-S04
    return TRUE;
}

_Use_decl_annotations_ VOID Tick(PVOID DeviceExtension)
{
    PEXTENSION extension = DeviceExtension;

    if (extension->Claimed) // expect: DT-S04
        extension->Started = 0;
}

/* Shows ANN-041. */
