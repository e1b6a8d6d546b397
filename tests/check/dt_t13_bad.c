/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

struct timed {
    KTIMER Timer, Second;
    KDPC   Dpc, Other;
};

VOID Start(struct timed *Timed, PEX_TIMER Timer)
{
    LARGE_INTEGER due;

    due.QuadPart = -10000000;
    KeSetTimerEx(&Timed->Timer, due, 10000000, &Timed->Dpc); // expect: DT-T13
    KeSetTimerEx(&Timed->Timer, due, -1000, &Timed->Dpc);    // expect: DT-T13
    due.QuadPart = -500;
    KeSetTimer(&Timed->Timer, due, &Timed->Dpc); // expect: DT-T13
    ExSetTimer(Timer, -10000000, 1000, NULL);    // expect: DT-T13
}
