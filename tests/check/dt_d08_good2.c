/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

KDEFERRED_ROUTINE Dpc;

VOID Dpc(PKDPC Self, PVOID Context, PVOID A1, PVOID A2)
{
    KIRQL old;
    PLONG count = Context;

    UNREFERENCED_PARAMETER(Self);
    UNREFERENCED_PARAMETER(A1);
    UNREFERENCED_PARAMETER(A2);
    KeRaiseIrql(HIGH_LEVEL, &old);
    *count += 1;
    KeLowerIrql(old);
}
