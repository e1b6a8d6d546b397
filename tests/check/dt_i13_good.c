/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

struct timed {
    KTIMER Timer;
    KDPC   Dpc;
};

_IRQL_requires_max_(APC_LEVEL) struct timed *Create(PKDEFERRED_ROUTINE Routine)
{
    struct timed *t = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof *t, 'tset');

    if (!t)
        return NULL;
    KeInitializeTimer(&t->Timer);
    KeInitializeDpc(&t->Dpc, Routine, t);
    return t;
}

static KEVENT done;

VOID Prepare(VOID)
{
    KeInitializeEvent(&done, NotificationEvent, FALSE);
}
