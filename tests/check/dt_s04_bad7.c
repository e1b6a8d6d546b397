/* SPDX-License-Identifier: MIT */
#include <storport.h>

typedef struct {
    BOOLEAN             PerMessage;
    ULONG               Count;
    PSCSI_REQUEST_BLOCK Slots[8];
    PVOID               Buffer;
} EXTENSION, *PEXTENSION;

HW_STARTIO    StartIo;
HW_TIMER      Timer;
HW_INITIALIZE Initialize;

BOOLEAN Initialize(PVOID DeviceExtension)
{
    PERF_CONFIGURATION_DATA data = {0};

    data.Version = STOR_PERF_VERSION;
    data.Size = sizeof data;
    if (StorPortInitializePerfOpts(DeviceExtension, TRUE, &data) != STOR_STATUS_SUCCESS)
        return FALSE;
    data.ConcurrentChannels = 4;
    return StorPortInitializePerfOpts(DeviceExtension, FALSE, &data) == STOR_STATUS_SUCCESS;
}

static PSCSI_REQUEST_BLOCK Take(PEXTENSION Extension)
{
    PSCSI_REQUEST_BLOCK srb = Extension->Slots[0]; // expect: DT-S04

    Extension->Slots[0] = NULL;
    return srb;
}

_Use_decl_annotations_ VOID Timer(PVOID DeviceExtension)
{
    PSCSI_REQUEST_BLOCK srb = Take(DeviceExtension);

    if (srb)
        StorPortNotification(RequestComplete, DeviceExtension, srb);
}

BOOLEAN StartIo(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    PEXTENSION extension = DeviceExtension;

    extension->Slots[0] = Srb;
    return TRUE;
}
