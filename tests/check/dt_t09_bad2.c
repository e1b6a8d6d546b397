/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KTIMER Timer;
    KDPC   Dpc;
} TASK, *PTASK;

typedef struct {
    PEX_TIMER Timer;
    LONG      Left;
} WATCH, *PWATCH;

KDEFERRED_ROUTINE TaskDpc;
EXT_CALLBACK      WatchCallback;

static VOID FreeTask(PTASK Task)
{
    ExFreePoolWithTag(Task, 'ksaT'); // expect: DT-T09
}

VOID TaskDpc(PKDPC Dpc, PVOID Context, PVOID A1, PVOID A2)
{
    PTASK task = CONTAINING_RECORD(Dpc, TASK, Dpc);

    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(A1);
    UNREFERENCED_PARAMETER(A2);
    FreeTask(task);
}

VOID WatchCallback(PEX_TIMER Timer, PVOID Context)
{
    PWATCH watch = (PWATCH)Context;

    UNREFERENCED_PARAMETER(Timer);
    if (--watch->Left == 0)
        ExFreePoolWithTag(watch, 'hctW'); // expect: DT-T09
}

VOID Start(PTASK Task, PWATCH Watch)
{
    LARGE_INTEGER due;

    due.QuadPart = -10000000;
    KeInitializeDpc(&Task->Dpc, TaskDpc, Task);
    KeSetCoalescableTimer(&Task->Timer, due, 100, 0, &Task->Dpc);
    ExSetTimer(Watch->Timer, -10000000, 10000000, NULL);
}
