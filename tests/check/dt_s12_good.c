/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_PASSIVE_INITIALIZE_ROUTINE Initialize;

BOOLEAN Initialize(PVOID DeviceExtension)
{
    KAFFINITY mask;

    StorPortGetGroupAffinity(DeviceExtension, 0, &mask);
    return TRUE;
}
