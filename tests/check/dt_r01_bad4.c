/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

VOID Dpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2);

void Start(PKDPC dpc)
{
    KeInitializeDpc(dpc, Dpc, NULL); // expect: DT-R01
}
