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
    KeSetTimer(&Timed->Timer, due, &Timed->Dpc);
    KeSetTimer(&Timed->Second, due, NULL);
}

VOID Kick(struct timed *Timed)
{
    KeInsertQueueDpc(&Timed->Other, NULL, NULL);
}
