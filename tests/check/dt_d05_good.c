/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

struct timed {
    KTIMER Timer, Second;
    KDPC   Dpc, Other;
};

BOOLEAN Done(struct timed *Timed, PIRP Irp)
{
    if (!KeInsertQueueDpc(&Timed->Dpc, Irp, NULL))
        return FALSE;
    KeInsertQueueDpc(&Timed->Other, NULL, NULL);
    return TRUE;
}
