/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    PEX_TIMER Timer;
} WATCH, *PWATCH;

EXT_CALLBACK Expired;

static VOID Arm(PEX_TIMER Timer)
{
    ExSetTimer(Timer, -10000000, 0, NULL); // expect: DT-T18
}

VOID Start(PWATCH Watch)
{
    Watch->Timer = ExAllocateTimer(Expired, Watch, EX_TIMER_NO_WAKE);
    Arm(Watch->Timer);
}

_IRQL_requires_max_(APC_LEVEL) VOID Once(VOID)
{
    PEX_TIMER timer = ExAllocateTimer(Expired, NULL, 0);

    ExDeleteTimer(timer, TRUE, TRUE, NULL); // expect: DT-T18
}

_IRQL_requires_max_(APC_LEVEL) NTSTATUS Lost(BOOLEAN Early)
{
    PEX_TIMER timer = ExAllocateTimer(Expired, NULL, 0);

    if (!timer)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (Early)
        return STATUS_CANCELLED; // expect: DT-T18
    ExDeleteTimer(timer, TRUE, TRUE, NULL);
    return STATUS_SUCCESS;
}
