/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_INITIALIZE Initialize;

BOOLEAN Initialize(PVOID DeviceExtension)
{
    PERF_CONFIGURATION_DATA data = {0};

    data.Version = 5;
    data.Size = sizeof data;
    if (StorPortInitializePerfOpts(DeviceExtension, TRUE, &data) == STOR_STATUS_SUCCESS)
        StorPortInitializePerfOpts(DeviceExtension, FALSE, &data);
    return TRUE;
}
