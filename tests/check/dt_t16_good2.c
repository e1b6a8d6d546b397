/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    PEX_TIMER  Timer;
    KSPIN_LOCK Lock;
} WATCH, *PWATCH;

_IRQL_requires_max_(APC_LEVEL) VOID Stop(PWATCH Watch)
{
    KLOCK_QUEUE_HANDLE handle;
    PEX_TIMER          timer;

    KeAcquireInStackQueuedSpinLock(&Watch->Lock, &handle);
    timer = Watch->Timer;
    Watch->Timer = NULL;
    KeReleaseInStackQueuedSpinLock(&handle);
    if (timer != NULL)
        ExDeleteTimer(timer, TRUE, TRUE, NULL);
}
