/* SPDX-License-Identifier: MIT */
#include <storport.h>

/* The pointer that was NULL says as much as the status. */
PVOID Get(PVOID DeviceExtension)
{
    PVOID buffer = NULL;

    StorPortAllocatePool(DeviceExtension, 100, 'tset', &buffer);
    if (buffer)
        RtlZeroMemory(buffer, 100);
    return buffer;
}
