/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

struct timed {
    KTIMER Timer, Second;
    KDPC   Dpc, Other;
};

VOID Start(VOID)
{
    KTIMER        timer;
    LARGE_INTEGER due = {.QuadPart = -10000000};

    KeSetTimer(&timer, due, NULL); // expect: DT-T01
    KeCancelTimer(&timer);
}

VOID Reset(struct timed *Timed)
{
    LARGE_INTEGER due = {.QuadPart = -10000000};

    KeInitializeTimer(&Timed->Timer);
    RtlZeroMemory(Timed, sizeof *Timed);
    KeSetTimer(&Timed->Timer, due, NULL); // expect: DT-T01
}

struct timed *Create(VOID)
{
    struct timed *t = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *t, 'tset');

    if (t)
        KeCancelTimer(&t->Timer); // expect: DT-T01
    return t;
}
