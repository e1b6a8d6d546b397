/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_INITIALIZE Initialize;

typedef struct {
    PERF_CONFIGURATION_DATA Data;
} EXTENSION, *PEXTENSION;

static ULONG Set(PVOID DeviceExtension, PPERF_CONFIGURATION_DATA Data)
{
    return StorPortInitializePerfOpts(DeviceExtension, FALSE, Data); // expect: DT-S18
}

BOOLEAN Initialize(PVOID DeviceExtension)
{
    PEXTENSION extension = DeviceExtension;

    extension->Data.Version = 1;
    extension->Data.Size = sizeof extension->Data;
    return Set(DeviceExtension, &extension->Data) == STOR_STATUS_SUCCESS;
}
