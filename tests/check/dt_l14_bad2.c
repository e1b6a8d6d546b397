/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Lock, QueuedLock;
    KEVENT     Event;
    ERESOURCE  Resource;
    HANDLE     Thread;
} EXTENSION, *PEXTENSION;

static VOID Pause(VOID)
{
    LARGE_INTEGER interval;

    interval.QuadPart = -10000 * 10;
    KeDelayExecutionThread(KernelMode, FALSE, &interval); // expect: DT-L14
}

_IRQL_requires_max_(APC_LEVEL) VOID Spin(PEXTENSION Extension)
{
    KLOCK_QUEUE_HANDLE handle;

    KeAcquireInStackQueuedSpinLock(&Extension->QueuedLock, &handle);
    Pause();
    KeReleaseInStackQueuedSpinLock(&handle);
}

_IRQL_requires_max_(APC_LEVEL) VOID Resource(PEXTENSION Extension)
{
    KIRQL old;

    KeAcquireSpinLock(&Extension->Lock, &old);
    ExAcquireResourceExclusiveLite(&Extension->Resource, TRUE); // expect: DT-L14
    ExReleaseResourceLite(&Extension->Resource);
    KeReleaseSpinLock(&Extension->Lock, old);
}

_IRQL_requires_(PASSIVE_LEVEL) NTSTATUS Thread(PEXTENSION Extension, PKSTART_ROUTINE Routine)
{
    KIRQL    old;
    NTSTATUS status;

    IoAcquireCancelSpinLock(&old);
    status = PsCreateSystemThread(&Extension->Thread, 0, NULL, NULL, NULL, Routine, NULL); // expect: DT-L14
    IoReleaseCancelSpinLock(old);
    return status;
}
