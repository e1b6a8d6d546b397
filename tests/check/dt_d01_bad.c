/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

struct timed {
    KTIMER Timer, Second;
    KDPC   Dpc, Other;
};

VOID Queue(VOID)
{
    KDPC dpc;

    KeInsertQueueDpc(&dpc, NULL, NULL); // expect: DT-D01
}

struct timed *Create(VOID)
{
    LARGE_INTEGER due = {.QuadPart = -10000000};
    struct timed *t = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *t, 'tset');

    if (!t)
        return NULL;
    KeInitializeTimer(&t->Timer);
    KeSetTimer(&t->Timer, due, &t->Dpc); // expect: DT-D01
    return t;
}
