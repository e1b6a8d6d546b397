/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

struct timed {
    KTIMER Timer, Second;
    KDPC   Dpc, Other;
};

VOID Start(struct timed *Timed)
{
    LARGE_INTEGER due = {.QuadPart = -10000000};

    KeSetTimer(&Timed->Timer, due, &Timed->Dpc);
    KeSetTimer(&Timed->Second, due, &Timed->Dpc); // expect: DT-T10
    KeSetTimer(&Timed->Second, due, &Timed->Other);
}

VOID Kick(struct timed *Timed)
{
    KeInsertQueueDpc(&Timed->Other, NULL, NULL); // expect: DT-T10
}
