/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

EXT_CALLBACK Expired;

VOID Expired(PEX_TIMER Timer, PVOID Context)
{
    UNREFERENCED_PARAMETER(Timer);
    UNREFERENCED_PARAMETER(Context);
    KeLowerIrql(PASSIVE_LEVEL); // expect: DT-I07
} // expect: DT-D08
