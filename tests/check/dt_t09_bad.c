/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

struct timed {
    KTIMER Timer, Second;
    KDPC   Dpc, Other;
};

KDEFERRED_ROUTINE Dpc;

VOID Start(struct timed *Timed)
{
    LARGE_INTEGER due = {.QuadPart = -10000000};

    KeInitializeDpc(&Timed->Dpc, Dpc, Timed);
    KeSetTimerEx(&Timed->Timer, due, 1000, &Timed->Dpc);
}

VOID Dpc(PKDPC Self, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    struct timed *timed = Context;

    UNREFERENCED_PARAMETER(Self);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    KeCancelTimer(&timed->Timer);
    ExFreePoolWithTag(timed, 'tset'); // expect: DT-T09
}
