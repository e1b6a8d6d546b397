/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

EXT_CALLBACK     Expired;
static PEX_TIMER timer;

NTSTATUS Start(VOID)
{
    timer = ExAllocateTimer(Expired, NULL, 0);
    if (!timer)
        return STATUS_INSUFFICIENT_RESOURCES;
    ExSetTimer(timer, -10000000, 0, NULL);
    return STATUS_SUCCESS;
}

_IRQL_requires_max_(APC_LEVEL) VOID Stop(VOID)
{
    ExDeleteTimer(timer, TRUE, TRUE, NULL);
}
