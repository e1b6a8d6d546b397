/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

KDEFERRED_ROUTINE Threaded;
static KDPC       dpc;
static KSPIN_LOCK lock;
static LONG       count;

VOID Prepare(VOID)
{
    KeInitializeThreadedDpc(&dpc, Threaded, NULL);
}

VOID Threaded(PKDPC Self, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    KIRQL old;

    UNREFERENCED_PARAMETER(Self);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    old = KeAcquireSpinLockForDpc(&lock);
    count += 1;
    KeReleaseSpinLockForDpc(&lock, old);
}
