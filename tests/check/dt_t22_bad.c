/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

struct timed {
    KTIMER Timer, Second;
    KDPC   Dpc, Other;
};

VOID Stop(struct timed *Timed)
{
    while (!KeReadStateTimer(&Timed->Timer)) // expect: DT-T22
        KeStallExecutionProcessor(10);
}

VOID Destroy(struct timed *Timed)
{
    if (KeReadStateTimer(&Timed->Timer)) // expect: DT-T22
        ExFreePoolWithTag(Timed, 'tset');
}
