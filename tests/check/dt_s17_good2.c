/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_FIND_ADAPTER         FindAdapter;
VIRTUAL_HW_FIND_ADAPTER FindVirtual;

VOID FromRegistry(PPORT_CONFIGURATION_INFORMATION ConfigInfo);

static VOID Configure(PPORT_CONFIGURATION_INFORMATION ConfigInfo)
{
    ConfigInfo->MaximumTransferLength = 0x10000;
    if (ConfigInfo->NumberOfPhysicalBreaks > 17)
        ConfigInfo->NumberOfPhysicalBreaks = 17;
}

ULONG FindAdapter(PVOID DeviceExtension, PVOID HwContext, PVOID BusInformation, PCHAR ArgumentString,
    PPORT_CONFIGURATION_INFORMATION ConfigInfo, PBOOLEAN Reserved)
{
    UNREFERENCED_PARAMETER(DeviceExtension);
    UNREFERENCED_PARAMETER(HwContext);
    UNREFERENCED_PARAMETER(BusInformation);
    UNREFERENCED_PARAMETER(ArgumentString);
    UNREFERENCED_PARAMETER(Reserved);
    if (ConfigInfo->NumberOfAccessRanges == 0)
        return SP_RETURN_NOT_FOUND;
    Configure(ConfigInfo);
    ConfigInfo->VirtualDevice = FALSE;
    return SP_RETURN_FOUND;
}

ULONG FindVirtual(PVOID DeviceExtension, PVOID HwContext, PVOID BusInformation, PVOID LowerDevice, PCHAR ArgumentString,
    PPORT_CONFIGURATION_INFORMATION ConfigInfo, PBOOLEAN Reserved)
{
    UNREFERENCED_PARAMETER(DeviceExtension);
    UNREFERENCED_PARAMETER(HwContext);
    UNREFERENCED_PARAMETER(BusInformation);
    UNREFERENCED_PARAMETER(ArgumentString);
    UNREFERENCED_PARAMETER(Reserved);
    UNREFERENCED_PARAMETER(LowerDevice);
    FromRegistry(ConfigInfo);
    ConfigInfo->VirtualDevice = TRUE;
    return SP_RETURN_FOUND;
}
