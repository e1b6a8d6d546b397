/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KTIMER Timer;
    KDPC   Dpc;
} EXTENSION, *PEXTENSION;

EXT_CALLBACK Expired;

VOID Periodic(PEXTENSION Extension, ULONG Period)
{
    LARGE_INTEGER due;

    due.QuadPart = -10000LL * Period;
    KeSetTimerEx(&Extension->Timer, due, (LONG)Period, &Extension->Dpc);
    due.QuadPart = -1;
    KeSetTimer(&Extension->Timer, due, &Extension->Dpc);
}

_IRQL_requires_max_(APC_LEVEL) VOID Sleep(VOID)
{
    LARGE_INTEGER interval = {.QuadPart = -10000};
    PEX_TIMER     precise = ExAllocateTimer(Expired, NULL, EX_TIMER_HIGH_RESOLUTION);

    KeDelayExecutionThread(KernelMode, FALSE, &interval);
    if (precise) {
        ExSetTimer(precise, -5000, 5000, NULL);
        ExDeleteTimer(precise, TRUE, TRUE, NULL);
    }
}
