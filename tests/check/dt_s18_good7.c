/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_INITIALIZE Initialize;

static VOID Prepare(PPERF_CONFIGURATION_DATA Data)
{
    RtlZeroMemory(Data, sizeof *Data);
    Data->Version = STOR_PERF_VERSION;
    Data->Size = sizeof *Data;
}

BOOLEAN Initialize(PVOID DeviceExtension)
{
    PERF_CONFIGURATION_DATA data;

    Prepare(&data);
    return StorPortInitializePerfOpts(DeviceExtension, TRUE, &data) == STOR_STATUS_SUCCESS;
}
