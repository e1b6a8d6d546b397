/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    PEX_TIMER Timer;
} WATCH, *PWATCH;

EXT_CALLBACK Expired;

static BOOLEAN Allocate(PWATCH Watch)
{
    Watch->Timer = ExAllocateTimer(Expired, Watch, EX_TIMER_NO_WAKE);
    return Watch->Timer != NULL;
}

NTSTATUS Start(PWATCH Watch)
{
    if (!Allocate(Watch))
        return STATUS_INSUFFICIENT_RESOURCES;
    ExSetTimer(Watch->Timer, -10000000, 0, NULL);
    return STATUS_SUCCESS;
}

_IRQL_requires_max_(APC_LEVEL) VOID Stop(PWATCH Watch)
{
    ExDeleteTimer(Watch->Timer, TRUE, TRUE, NULL);
}

_IRQL_requires_max_(APC_LEVEL) NTSTATUS Handed(PWATCH Watch)
{
    PEX_TIMER timer = ExAllocateTimer(Expired, NULL, 0);

    if (timer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Watch->Timer = timer;
    return STATUS_SUCCESS;
}
