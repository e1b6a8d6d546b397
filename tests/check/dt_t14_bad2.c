/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    PEX_TIMER Precise;
} WATCH, *PWATCH;

EXT_CALLBACK Expired;

static ULONG Attributes(BOOLEAN Wake)
{
    return Wake ? EX_TIMER_HIGH_RESOLUTION : EX_TIMER_HIGH_RESOLUTION | EX_TIMER_NO_WAKE;
}

NTSTATUS Create(PWATCH Watch)
{
    Watch->Precise = ExAllocateTimer(Expired, Watch, EX_TIMER_HIGH_RESOLUTION);
    return Watch->Precise ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS CreateAsleep(PWATCH Watch)
{
    Watch->Precise = ExAllocateTimer(Expired, Watch, Attributes(FALSE)); // expect: DT-T14
    return Watch->Precise ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

VOID Start(PWATCH Watch)
{
    LARGE_INTEGER now;

    KeQuerySystemTime(&now);
    now.QuadPart = 133000000000000000LL;
    ExSetTimer(Watch->Precise, now.QuadPart, 0, NULL); // expect: DT-T14
}

_IRQL_requires_max_(APC_LEVEL) VOID Stop(PWATCH Watch)
{
    ExDeleteTimer(Watch->Precise, TRUE, TRUE, NULL);
}
