/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_INTERRUPT                          Interrupt;
HW_MESSAGE_SIGNALED_INTERRUPT_ROUTINE Message;

static VOID Get(PVOID DeviceExtension)
{
    PVOID buffer;

    if (StorPortAllocatePool(DeviceExtension, 100, 'tset', &buffer) == STOR_STATUS_SUCCESS) // expect: DT-S12
        StorPortFreePool(DeviceExtension, buffer);                                          // expect: DT-S12
}

BOOLEAN Interrupt(PVOID DeviceExtension)
{
    Get(DeviceExtension);
    return TRUE;
}

BOOLEAN Message(PVOID DeviceExtension, ULONG MessageId)
{
    ULONG length = 4;
    UCHAR value[4];

    UNREFERENCED_PARAMETER(MessageId);
    StorPortRegistryRead(DeviceExtension, (PUCHAR) "Value", 1, MINIPORT_REG_BINARY, value, &length); // expect: DT-S12
    return TRUE;
}
