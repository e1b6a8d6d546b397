/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

struct timed {
    KTIMER Timer, Second;
    KDPC   Dpc, Other;
};

VOID Prepare(struct timed *Timed);

VOID Start(VOID)
{
    KTIMER        timer;
    LARGE_INTEGER due = {.QuadPart = -10000000};

    KeInitializeTimer(&timer);
    KeSetTimer(&timer, due, NULL);
    KeCancelTimer(&timer);
}

VOID Restart(struct timed *Timed)
{
    KeCancelTimer(&Timed->Timer); /* initialized by whoever made it */
}

struct timed *Create(VOID)
{
    struct timed *t = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *t, 'tset');

    if (!t)
        return NULL;
    Prepare(t); /* who knows what it does */
    KeCancelTimer(&t->Timer);
    return t;
}
