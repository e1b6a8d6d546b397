/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

struct timed {
    KTIMER Timer;
    KDPC   Dpc;
};

KDEFERRED_ROUTINE Dpc;

_IRQL_requires_max_(APC_LEVEL) struct timed *Create(PKDEFERRED_ROUTINE Routine)
{
    struct timed *t = ExAllocatePoolWithTag(PagedPool, sizeof *t, 'tset');

    if (!t)
        return NULL;
    KeInitializeTimer(&t->Timer);         // expect: DT-I13
    KeInitializeDpc(&t->Dpc, Routine, t); // expect: DT-I13
    return t;
}

#pragma data_seg("PAGEDATA")
static KEVENT done;
#pragma data_seg()

VOID Prepare(VOID)
{
    KeInitializeEvent(&done, NotificationEvent, FALSE); // expect: DT-I13
}
