/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    PEX_TIMER Precise, Lazy;
} WATCH, *PWATCH;

EXT_CALLBACK Expired;

NTSTATUS Create(PWATCH Watch)
{
    Watch->Precise = ExAllocateTimer(Expired, Watch, EX_TIMER_HIGH_RESOLUTION);
    Watch->Lazy = ExAllocateTimer(Expired, Watch, EX_TIMER_NO_WAKE);
    return Watch->Precise && Watch->Lazy ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

VOID Start(PWATCH Watch)
{
    LARGE_INTEGER now;

    KeQuerySystemTime(&now);
    ExSetTimer(Watch->Lazy, now.QuadPart + 10000000, 0, NULL);
    ExSetTimer(Watch->Precise, -10000, 10000, NULL);
}

_IRQL_requires_max_(APC_LEVEL) VOID Stop(PWATCH Watch)
{
    ExDeleteTimer(Watch->Precise, TRUE, TRUE, NULL);
    ExDeleteTimer(Watch->Lazy, TRUE, TRUE, NULL);
}
