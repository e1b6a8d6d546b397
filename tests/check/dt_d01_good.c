/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

struct timed {
    KTIMER Timer, Second;
    KDPC   Dpc, Other;
};

struct timed *Create(PKDEFERRED_ROUTINE Routine)
{
    LARGE_INTEGER due = {.QuadPart = -10000000};
    struct timed *t = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *t, 'tset');

    if (!t)
        return NULL;
    KeInitializeTimer(&t->Timer);
    KeInitializeDpc(&t->Dpc, Routine, t);
    KeSetTimer(&t->Timer, due, &t->Dpc);
    return t;
}

VOID Queue(struct timed *Timed)
{
    KeInsertQueueDpc(&Timed->Other, NULL, NULL);
}
