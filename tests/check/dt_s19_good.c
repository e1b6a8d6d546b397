/* SPDX-License-Identifier: MIT */
#include <storport.h>

PVOID Get(PVOID DeviceExtension)
{
    PVOID buffer = NULL;

    if (StorPortAllocatePool(DeviceExtension, 100, 'tset', &buffer) != STOR_STATUS_SUCCESS)
        return NULL;
    return buffer;
}
