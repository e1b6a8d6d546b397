/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    PULONG Table;
} EXTENSION, *PEXTENSION;

EXT_CALLBACK Expired;

#pragma code_seg("PAGE")
static ULONG Lookup(PEXTENSION Extension, ULONG Index)
{
    PAGED_CODE(); // expect: DT-D07
    return Extension->Table[Index];
}
#pragma code_seg()

static ULONG Indirect(PEXTENSION Extension)
{
    return Lookup(Extension, 1);
}

VOID Expired(PEX_TIMER Timer, PVOID Context)
{
    UNREFERENCED_PARAMETER(Timer);
    Indirect(Context);
}
