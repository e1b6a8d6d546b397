/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    PEX_TIMER Timer;
} WATCH, *PWATCH;

EXT_CALLBACK Expired;

/* Nothing here says when a watch ends. */
NTSTATUS Start(PWATCH Watch)
{
    Watch->Timer = ExAllocateTimer(Expired, Watch, EX_TIMER_NO_WAKE);
    if (Watch->Timer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    ExSetTimer(Watch->Timer, -10000000, 0, NULL);
    return STATUS_SUCCESS;
}
