/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

VOID Aim(PKDPC Dpc)
{
    KeSetTargetProcessorDpc(Dpc, (CCHAR)KeQueryActiveProcessorCount(NULL)); // expect: DT-D11
    KeSetTargetProcessorDpc(Dpc, 100);                                      // expect: DT-D11
}
