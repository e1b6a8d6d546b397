/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KDPC       Dpc;
    KSPIN_LOCK Lock;
    LONG       Count;
} EXTENSION, *PEXTENSION;

KDEFERRED_ROUTINE Threaded, Ordinary;

VOID Threaded(PKDPC Self, PVOID Context, PVOID A1, PVOID A2)
{
    PEXTENSION extension = Context;
    KIRQL      old;

    UNREFERENCED_PARAMETER(Self);
    UNREFERENCED_PARAMETER(A1);
    UNREFERENCED_PARAMETER(A2);
    old = KeAcquireSpinLockForDpc(&extension->Lock);
    extension->Count++;
    KeReleaseSpinLockForDpc(&extension->Lock, old);
    KeAcquireSpinLock(&extension->Lock, &old);
    extension->Count += (LONG)KeGetCurrentProcessorNumber();
    KeReleaseSpinLock(&extension->Lock, old);
}

VOID Ordinary(PKDPC Self, PVOID Context, PVOID A1, PVOID A2)
{
    PEXTENSION extension = Context;

    UNREFERENCED_PARAMETER(Self);
    UNREFERENCED_PARAMETER(A1);
    UNREFERENCED_PARAMETER(A2);
    KeAcquireSpinLockAtDpcLevel(&extension->Lock);
    extension->Count++;
    KeReleaseSpinLockFromDpcLevel(&extension->Lock);
}

VOID Prepare(PEXTENSION Extension, PKDPC Other)
{
    KeInitializeThreadedDpc(&Extension->Dpc, Threaded, Extension);
    KeInitializeDpc(Other, Ordinary, Extension);
}
