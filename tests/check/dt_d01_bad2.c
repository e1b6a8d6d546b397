/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KDPC  Dpc;
    ULONG State;
} WORK, *PWORK;

KDEFERRED_ROUTINE Routine;

static VOID Kick(PKDPC Dpc)
{
    KeInsertQueueDpc(Dpc, NULL, NULL); // expect: DT-D01
}

VOID ThroughHelper(VOID)
{
    KDPC dpc;

    Kick(&dpc);
}

PWORK Wiped(VOID)
{
    PWORK work = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(WORK), 'kroW');

    if (!work)
        return NULL;
    KeInitializeDpc(&work->Dpc, Routine, work);
    RtlZeroMemory(work, sizeof *work);
    KeInsertQueueDpc(&work->Dpc, NULL, NULL); // expect: DT-D01
    return work;
}

VOID OneWay(PKTIMER Timer, BOOLEAN Threaded)
{
    KDPC          dpc;
    LARGE_INTEGER due;

    due.QuadPart = -10000000;
    if (Threaded)
        KeInitializeThreadedDpc(&dpc, Routine, NULL);
    KeSetTimer(Timer, due, &dpc); // expect: DT-D01
    KeCancelTimer(Timer);
}
