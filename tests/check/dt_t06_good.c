/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

struct timed {
    KTIMER Timer, Second;
    KDPC   Dpc, Other;
};

_IRQL_requires_(PASSIVE_LEVEL) VOID Destroy(struct timed *Timed)
{
    KeCancelTimer(&Timed->Timer);
    KeFlushQueuedDpcs();
    ExFreePoolWithTag(Timed, 'tset');
}

_IRQL_requires_(PASSIVE_LEVEL) VOID DestroyOnce(struct timed *Timed)
{
    if (!KeCancelTimer(&Timed->Timer))
        KeFlushQueuedDpcs();
    ExFreePoolWithTag(Timed, 'tset');
}
