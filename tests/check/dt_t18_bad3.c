/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    PEX_TIMER Timer;
} WATCH, *PWATCH;

EXT_CALLBACK Expired;

NTSTATUS Start(PWATCH Watch)
{
    Watch->Timer = ExAllocateTimer(Expired, Watch, EX_TIMER_NO_WAKE); // expect: DT-T18
    return Watch->Timer ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

VOID Stop(PWATCH Watch)
{
    ExCancelTimer(Watch->Timer, NULL);
}
