/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_STARTIO    StartIo;
HW_INITIALIZE Initialize;

typedef struct {
    PVOID Buffer;
} EXTENSION, *PEXTENSION;

BOOLEAN Initialize(PVOID DeviceExtension)
{
    PEXTENSION extension = DeviceExtension;

    StorPortStallExecution(5000);
    return StorPortAllocatePool(DeviceExtension, 100, 'tset', &extension->Buffer) == STOR_STATUS_SUCCESS;
}

BOOLEAN StartIo(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    UNREFERENCED_PARAMETER(DeviceExtension);
    UNREFERENCED_PARAMETER(Srb);
    StorPortStallExecution(10); /* what a register needs */
    return TRUE;
}
