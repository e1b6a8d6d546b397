/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

VOID Missing(PLONG Value);
VOID Twice(PLONG Value);
#pragma alloc_text(PAGE, Missing)
#pragma alloc_text(PAGE, Twice)

VOID Missing(PLONG Value) // expect: DT-I11
{
    *Value += 1;
}

VOID Twice(PLONG Value)
{
    PAGED_CODE();
    *Value += 1;
    PAGED_CODE(); // expect: DT-I11
}

VOID Resident(PLONG Value)
{
    PAGED_CODE(); // expect: DT-I11
    *Value += 1;
}

#pragma code_seg("PAGE")
VOID BySegment(PLONG Value) // expect: DT-I11
{
    *Value += 1;
}
#pragma code_seg()

/* Shows ANN-033. */
