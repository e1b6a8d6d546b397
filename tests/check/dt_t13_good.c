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
    KeSetTimerEx(&Timed->Timer, due, 1000, &Timed->Dpc);
    due.QuadPart = -500 * 10000;
    KeSetTimer(&Timed->Timer, due, &Timed->Dpc);
    due.QuadPart = -1; /* at once, as many write it */
    KeSetTimerEx(&Timed->Timer, due, 50, &Timed->Dpc);
    ExSetTimer(Timer, -10000000, 1000 * 10000, NULL);
}
