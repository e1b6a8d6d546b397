/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

KDEFERRED_ROUTINE Dpc;
VOID              Paged(VOID);
#pragma alloc_text(PAGE, Paged)

#pragma data_seg("PAGEDATA")
static LONG count = 1;
#pragma data_seg()

VOID Dpc(PKDPC Self, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Self);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    if (Context)
        Paged(); // expect: DT-D07
    else
        count += 1; // expect: DT-D07
}
