/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KDPC  Dpc[2];
    ULONG State;
} WORK, *PWORK;

KDEFERRED_ROUTINE Routine;

static VOID Prepare(PWORK Work)
{
    for (int i = 0; i < 2; i++)
        KeInitializeDpc(&Work->Dpc[i], Routine, Work);
}

PWORK Create(VOID)
{
    PWORK work = ExAllocatePoolZero(NonPagedPoolNx, sizeof(WORK), 'kroW');

    if (!work)
        return NULL;
    Prepare(work);
    KeInsertQueueDpc(&work->Dpc[1], NULL, NULL);
    return work;
}

VOID Queue(PWORK Work)
{
    KeInsertQueueDpc(&Work->Dpc[0], NULL, NULL);
}
