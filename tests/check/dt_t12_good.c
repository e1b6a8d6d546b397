/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

struct timed {
    KTIMER Timer, Second;
    KDPC   Dpc, Other;
};

VOID Start(struct timed *Timed, PEX_TIMER Timer)
{
    LARGE_INTEGER due;

    due.QuadPart = -10 * 1000 * 1000;
    KeSetTimer(&Timed->Timer, due, &Timed->Dpc);
    KeQuerySystemTime(&due);
    due.QuadPart += 10 * 1000 * 1000;
    KeSetTimer(&Timed->Timer, due, &Timed->Dpc);
    due.QuadPart = 0;
    KeSetTimer(&Timed->Timer, due, &Timed->Dpc);
    ExSetTimer(Timer, -50000000, 0, NULL);
}
