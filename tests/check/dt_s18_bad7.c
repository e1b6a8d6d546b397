/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_INITIALIZE Initialize;

BOOLEAN Initialize(PVOID DeviceExtension)
{
    PERF_CONFIGURATION_DATA data = {0};

    return StorPortInitializePerfOpts(DeviceExtension, TRUE, &data) == STOR_STATUS_SUCCESS; // expect: DT-S18
}
