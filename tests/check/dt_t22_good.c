/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

struct timed {
    KTIMER Timer, Second;
    KDPC   Dpc, Other;
};

VOID Trace(struct timed *Timed)
{
    if (KeReadStateTimer(&Timed->Timer))
        DbgPrint("expired\n");
}

_IRQL_requires_max_(APC_LEVEL) VOID Stop(struct timed *Timed)
{
    KeWaitForSingleObject(&Timed->Timer, Executive, KernelMode, FALSE, NULL);
}
