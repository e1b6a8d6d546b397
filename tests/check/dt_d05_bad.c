/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

struct timed {
    KTIMER Timer, Second;
    KDPC   Dpc, Other;
};

VOID Done(struct timed *Timed, PIRP Irp)
{
    KeInsertQueueDpc(&Timed->Dpc, Irp, NULL); // expect: DT-D05
}
