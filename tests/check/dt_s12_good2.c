/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_INTERRUPT   Interrupt;
HW_DPC_ROUTINE Dpc;

typedef struct {
    STOR_DPC Dpc;
} EXTENSION, *PEXTENSION;

BOOLEAN Interrupt(PVOID DeviceExtension)
{
    PEXTENSION extension = DeviceExtension;

    return StorPortIssueDpc(DeviceExtension, &extension->Dpc, NULL, NULL);
}
