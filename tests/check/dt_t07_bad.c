/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

struct timed {
    KTIMER Timer, Second;
    KDPC   Dpc, Other;
};

VOID Start(struct timed *Timed)
{
    LARGE_INTEGER due = {.QuadPart = -10000000};

    KeSetTimerEx(&Timed->Timer, due, 1000, &Timed->Dpc);
}

_IRQL_requires_(PASSIVE_LEVEL) VOID Destroy(struct timed *Timed)
{
    if (KeCancelTimer(&Timed->Timer))
        ExFreePoolWithTag(Timed, 'tset'); // expect: DT-T07
}
