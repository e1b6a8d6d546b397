/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

KDEFERRED_ROUTINE Threaded;
static KDPC       dpc;
static KSPIN_LOCK lock;
static LONG       counts[8];

VOID Prepare(VOID)
{
    KeInitializeThreadedDpc(&dpc, Threaded, NULL);
}

VOID Threaded(PKDPC Self, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Self);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    KeAcquireSpinLockAtDpcLevel(&lock);         // expect: DT-D13
    counts[KeGetCurrentProcessorNumber()] += 1; // expect: DT-D13
    KeReleaseSpinLockFromDpcLevel(&lock);       // expect: DT-D13
}
