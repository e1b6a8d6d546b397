/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_INITIALIZE                 Initialize;
HW_PASSIVE_INITIALIZE_ROUTINE Passive;

BOOLEAN Initialize(PVOID DeviceExtension)
{
    return StorPortEnablePassiveInitialization(DeviceExtension, Passive);
}
