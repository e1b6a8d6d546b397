/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

static KDPC dpc;

int TimerDpc(PKDPC Self, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Self);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    return 0;
}

VOID Short(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
}

VOID Prepare(VOID)
{
    KeInitializeDpc(&dpc, TimerDpc, NULL);                  // expect: DT-R02
    KeInitializeDpc(&dpc, (PKDEFERRED_ROUTINE)Short, NULL); // expect: DT-R02
}

/* Shows ANN-003. */
