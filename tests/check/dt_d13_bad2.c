/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KDPC       Dpc;
    KSPIN_LOCK Lock;
    LONG       Count;
} EXTENSION, *PEXTENSION;

KDEFERRED_ROUTINE Threaded;

static VOID Count(PEXTENSION Extension)
{
    KLOCK_QUEUE_HANDLE handle;

    KeAcquireInStackQueuedSpinLockAtDpcLevel(&Extension->Lock, &handle); // expect: DT-D13
    Extension->Count++;
    KeReleaseInStackQueuedSpinLockFromDpcLevel(&handle); // expect: DT-D13
}

VOID Threaded(PKDPC Self, PVOID Context, PVOID A1, PVOID A2)
{
    UNREFERENCED_PARAMETER(Self);
    UNREFERENCED_PARAMETER(A1);
    UNREFERENCED_PARAMETER(A2);
    Count(Context);
}

VOID Prepare(PEXTENSION Extension)
{
    KeInitializeThreadedDpc(&Extension->Dpc, Threaded, Extension);
}
