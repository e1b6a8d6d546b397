/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KDPC       Dpc;
    KSPIN_LOCK Lock;
    LONG       Count;
} EXTENSION, *PEXTENSION;

KDEFERRED_ROUTINE Threaded;

VOID Threaded(PKDPC Self, PVOID Context, PVOID A1, PVOID A2)
{
    PEXTENSION         extension = Context;
    KLOCK_QUEUE_HANDLE handle;

    UNREFERENCED_PARAMETER(Self);
    UNREFERENCED_PARAMETER(A1);
    UNREFERENCED_PARAMETER(A2);
    KeAcquireInStackQueuedSpinLockForDpc(&extension->Lock, &handle);
    extension->Count++;
    KeReleaseInStackQueuedSpinLockForDpc(&handle);
}

VOID Prepare(PEXTENSION Extension)
{
    KeInitializeThreadedDpc(&Extension->Dpc, Threaded, Extension);
}
