/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_ADAPTER_CONTROL Control;

static BOOLEAN Again(PVOID DeviceExtension, PPORT_CONFIGURATION_INFORMATION Config)
{
    return StorPortGetUncachedExtension(DeviceExtension, Config, 4096) != NULL; // expect: DT-S13
}

SCSI_ADAPTER_CONTROL_STATUS Control(PVOID DeviceExtension, SCSI_ADAPTER_CONTROL_TYPE Type, PVOID Parameters)
{
    if (Type == ScsiRestartAdapter && !Again(DeviceExtension, Parameters))
        return ScsiAdapterControlUnsuccessful;
    return ScsiAdapterControlSuccess;
}
