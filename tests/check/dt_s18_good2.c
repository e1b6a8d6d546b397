/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_INITIALIZE Initialize;

static BOOLEAN Optimize(PVOID DeviceExtension, PPERF_CONFIGURATION_DATA Data)
{
    if (StorPortInitializePerfOpts(DeviceExtension, TRUE, Data) != STOR_STATUS_SUCCESS)
        return FALSE;
    return StorPortInitializePerfOpts(DeviceExtension, FALSE, Data) == STOR_STATUS_SUCCESS;
}

BOOLEAN Initialize(PVOID DeviceExtension)
{
    PERF_CONFIGURATION_DATA data;

    StorPortStallExecution(1);
    data.Version = 1;
    data.Size = sizeof data;
    Optimize(DeviceExtension, &data);
    return TRUE;
}
