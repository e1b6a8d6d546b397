/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Lock;
    FAST_MUTEX Mutex;
    LONG       Count;
} EXTENSION, *PEXTENSION;

_IRQL_requires_max_(APC_LEVEL) NTSTATUS Mutex(PEXTENSION Extension)
{
    NTSTATUS status = STATUS_SUCCESS;

    if (!ExTryToAcquireFastMutex(&Extension->Mutex))
        return STATUS_DEVICE_BUSY;
    if (Extension->Count == 0) {
        status = STATUS_DEVICE_NOT_READY;
        goto out;
    }
    Extension->Count--;
out:
    ExReleaseFastMutex(&Extension->Mutex);
    return status;
}

_Acquires_lock_(Extension->Lock) _IRQL_raises_(DISPATCH_LEVEL) VOID
    Take(PEXTENSION Extension, _Out_ _IRQL_saves_ PKIRQL Old)
{
    KeAcquireSpinLock(&Extension->Lock, Old);
}

_When_(return != FALSE, _Acquires_lock_(Extension->Lock)) BOOLEAN TryTake(PEXTENSION Extension)
{
    if (Extension->Count == 0)
        return FALSE;
    return KeTryToAcquireSpinLockAtDpcLevel(&Extension->Lock);
}
