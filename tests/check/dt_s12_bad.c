/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_INTERRUPT Interrupt;

BOOLEAN Interrupt(PVOID DeviceExtension)
{
    KAFFINITY mask;

    StorPortGetGroupAffinity(DeviceExtension, 0, &mask); // expect: DT-S12
    return TRUE;
}
