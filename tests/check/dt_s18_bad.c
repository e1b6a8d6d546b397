/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_INITIALIZE Initialize;

BOOLEAN Initialize(PVOID DeviceExtension)
{
    PERF_CONFIGURATION_DATA data;

    StorPortInitializePerfOpts(DeviceExtension, TRUE, &data); // expect: DT-S18
    StorPortInitializePerfOpts(DeviceExtension, TRUE, NULL);  // expect: DT-S18
    return TRUE;
}
