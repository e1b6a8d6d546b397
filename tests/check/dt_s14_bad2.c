/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_STARTIO StartIo;

typedef struct {
    PVOID Buffer;
    ULONG Retries;
} EXTENSION, *PEXTENSION;

static BOOLEAN Ready(PEXTENSION Extension)
{
    for (ULONG i = 0; i < Extension->Retries; i++)
        StorPortStallExecution(5000); // expect: DT-S14
    return TRUE;
}

BOOLEAN StartIo(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    PEXTENSION extension = DeviceExtension;

    if (Srb->DataTransferLength > 4096 &&
        StorPortAllocatePool(DeviceExtension, 100, 'tset', &extension->Buffer) != STOR_STATUS_SUCCESS) // expect: DT-S14
        return FALSE;
    return Ready(extension);
}
