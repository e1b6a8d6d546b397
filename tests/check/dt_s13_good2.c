/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_INITIALIZE                 Initialize;
HW_PASSIVE_INITIALIZE_ROUTINE Passive;

static BOOLEAN Prepare(PVOID DeviceExtension)
{
    PERF_CONFIGURATION_DATA data = {.Version = 1, .Size = sizeof data};

    if (StorPortInitializePerfOpts(DeviceExtension, TRUE, &data) == STOR_STATUS_SUCCESS)
        StorPortInitializePerfOpts(DeviceExtension, FALSE, &data);
    return StorPortEnablePassiveInitialization(DeviceExtension, Passive);
}

BOOLEAN Initialize(PVOID DeviceExtension)
{
    return Prepare(DeviceExtension);
}
