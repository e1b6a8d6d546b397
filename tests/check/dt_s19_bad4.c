/* SPDX-License-Identifier: MIT */
#include <storport.h>

void Use(PVOID DeviceExtension)
{
    PVOID buffer;

    StorPortAllocatePool(DeviceExtension, 100, 'tset', &buffer); // expect: DT-S19
    StorPortFreePool(DeviceExtension, buffer);
}
