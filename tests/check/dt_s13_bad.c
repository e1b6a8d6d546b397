/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_INTERRUPT                  Interrupt;
HW_PASSIVE_INITIALIZE_ROUTINE Passive;

BOOLEAN Interrupt(PVOID DeviceExtension)
{
    return StorPortEnablePassiveInitialization(DeviceExtension, Passive); // expect: DT-S13
}
