/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Lock, QueuedLock;
    FAST_MUTEX Mutex;
    LIST_ENTRY List;
    LONG       Count;
} EXTENSION, *PEXTENSION;

_IRQL_requires_max_(DISPATCH_LEVEL) PLIST_ENTRY Find(PEXTENSION Extension, PVOID Key)
{
    KLOCK_QUEUE_HANDLE handle;
    PLIST_ENTRY        entry;

    KeAcquireInStackQueuedSpinLock(&Extension->QueuedLock, &handle);
    for (entry = Extension->List.Flink; entry != &Extension->List; entry = entry->Flink)
        if (entry == Key)
            return entry; // expect: DT-L05
    KeReleaseInStackQueuedSpinLock(&handle);
    return NULL;
}

_IRQL_requires_max_(APC_LEVEL) NTSTATUS Mutex(PEXTENSION Extension)
{
    NTSTATUS status = STATUS_SUCCESS;

    ExAcquireFastMutex(&Extension->Mutex);
    switch (Extension->Count) {
    case 0:
        status = STATUS_DEVICE_NOT_READY;
        goto out;
    case 1:
        break;
    default:
        status = STATUS_INVALID_PARAMETER;
        break;
    }
    ExReleaseFastMutex(&Extension->Mutex);
out:
    return status; // expect: DT-L05
}

static NTSTATUS Step(PEXTENSION Extension)
{
    return Extension->Count ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}

_IRQL_requires_max_(DISPATCH_LEVEL) NTSTATUS Steps(PEXTENSION Extension)
{
    KIRQL    old = KeAcquireSpinLockRaiseToDpc(&Extension->Lock);
    NTSTATUS status = Step(Extension);

    if (!NT_SUCCESS(status))
        return status; // expect: DT-L05
    KeReleaseSpinLock(&Extension->Lock, old);
    return status;
}
