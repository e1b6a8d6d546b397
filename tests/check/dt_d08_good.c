/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

EXT_CALLBACK Expired;

VOID Expired(PEX_TIMER Timer, PVOID Context)
{
    KIRQL old;

    UNREFERENCED_PARAMETER(Timer);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    *(PLONG)Context += 1;
    KeLowerIrql(old);
}
