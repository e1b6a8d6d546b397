/* SPDX-License-Identifier: MIT */
#include <storport.h>

PVOID Get(PVOID DeviceExtension)
{
    PVOID buffer = NULL;

    StorPortAllocatePool(DeviceExtension, 100, 'tset', &buffer); // expect: DT-S19
    return buffer;
}
