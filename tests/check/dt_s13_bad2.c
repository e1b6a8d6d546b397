/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_STARTIO                    StartIo;
HW_RESET_BUS                  Reset;
HW_PASSIVE_INITIALIZE_ROUTINE Passive;

BOOLEAN StartIo(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    UNREFERENCED_PARAMETER(Srb);
    if (!StorPortEnablePassiveInitialization(DeviceExtension, Passive)) // expect: DT-S13
        return FALSE;
    return TRUE;
}

BOOLEAN Reset(PVOID DeviceExtension, ULONG PathId)
{
    PERF_CONFIGURATION_DATA data = {.Version = 1, .Size = sizeof data};

    UNREFERENCED_PARAMETER(PathId);
    StorPortInitializePerfOpts(DeviceExtension, TRUE, &data); // expect: DT-S13
    return TRUE;
}
