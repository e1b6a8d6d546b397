/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Lock;
    KTIMER     Timer;
} EXTENSION, *PEXTENSION;

_IRQL_requires_max_(PASSIVE_LEVEL) VOID Stop(PEXTENSION Extension)
{
    KLOCK_QUEUE_HANDLE handle;
    BOOLEAN            cancelled;

    KeAcquireInStackQueuedSpinLock(&Extension->Lock, &handle);
    cancelled = KeCancelTimer(&Extension->Timer);
    KeReleaseInStackQueuedSpinLock(&handle);
    if (!cancelled)
        KeFlushQueuedDpcs();
}
