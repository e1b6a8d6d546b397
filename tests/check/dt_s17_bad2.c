/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_FIND_ADAPTER         FindAdapter;
VIRTUAL_HW_FIND_ADAPTER FindVirtual;

ULONG FindAdapter(PVOID DeviceExtension, PVOID HwContext, PVOID BusInformation, PCHAR ArgumentString, // expect: DT-S17
    PPORT_CONFIGURATION_INFORMATION ConfigInfo, PBOOLEAN Reserved)
{
    UNREFERENCED_PARAMETER(DeviceExtension);
    UNREFERENCED_PARAMETER(HwContext);
    UNREFERENCED_PARAMETER(BusInformation);
    UNREFERENCED_PARAMETER(ArgumentString);
    UNREFERENCED_PARAMETER(Reserved);
    ConfigInfo->MaximumTransferLength = 0x10000; /* and NumberOfPhysicalBreaks? */
    return SP_RETURN_FOUND;
}

ULONG FindVirtual(PVOID DeviceExtension, PVOID HwContext, PVOID BusInformation, PVOID LowerDevice, // expect: DT-S17
    PCHAR ArgumentString, PPORT_CONFIGURATION_INFORMATION ConfigInfo, PBOOLEAN Reserved)
{
    UNREFERENCED_PARAMETER(DeviceExtension);
    UNREFERENCED_PARAMETER(HwContext);
    UNREFERENCED_PARAMETER(BusInformation);
    UNREFERENCED_PARAMETER(ArgumentString);
    UNREFERENCED_PARAMETER(Reserved);
    UNREFERENCED_PARAMETER(LowerDevice);
    ConfigInfo->MaximumTransferLength = 0x10000;
    ConfigInfo->NumberOfPhysicalBreaks = 17;
    if (ConfigInfo->NumberOfBuses > 1)
        return 17; // expect: DT-S17
    return SP_RETURN_FOUND;
}
