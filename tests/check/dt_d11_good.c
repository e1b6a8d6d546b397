/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

VOID Aim(PKDPC Dpc)
{
    KeSetTargetProcessorDpc(Dpc, (CCHAR)(KeQueryActiveProcessorCount(NULL) - 1));
    KeSetTargetProcessorDpc(Dpc, 0);
}
