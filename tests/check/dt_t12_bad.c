/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

struct timed {
    KTIMER Timer, Second;
    KDPC   Dpc, Other;
};

VOID Start(struct timed *Timed, PEX_TIMER Timer)
{
    LARGE_INTEGER due;

    due.QuadPart = 10 * 1000 * 1000;
    KeSetTimer(&Timed->Timer, due, &Timed->Dpc); // expect: DT-T12
    ExSetTimer(Timer, 50000000, 0, NULL);        // expect: DT-T12
}
