/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Lock, Other;
} EXTENSION, *PEXTENSION;

static KSPIN_LOCK   global;
static EX_SPIN_LOCK shared;

_IRQL_requires_max_(DISPATCH_LEVEL) VOID Plain(VOID)
{
    KIRQL old;

    KeAcquireSpinLock(&global, &old);
    KeReleaseSpinLock(&global, old);
}

_IRQL_requires_max_(DISPATCH_LEVEL) VOID Queued(VOID)
{
    KLOCK_QUEUE_HANDLE handle;

    KeAcquireInStackQueuedSpinLock(&global, &handle); // expect: DT-L09
    KeReleaseInStackQueuedSpinLock(&handle);
}

_IRQL_requires_max_(DISPATCH_LEVEL) VOID Mixed(PEXTENSION Extension)
{
    KIRQL old;

    KeAcquireSpinLock(&Extension->Lock, &old);
    KeReleaseSpinLockFromDpcLevel(&Extension->Lock); // expect: DT-L09
    KeLowerIrql(old);
    UNREFERENCED_PARAMETER(shared);
}

_IRQL_requires_(DISPATCH_LEVEL) VOID FromDpc(PEXTENSION Extension, KIRQL Old)
{
    KeAcquireSpinLockAtDpcLevel(&Extension->Other);
    KeReleaseSpinLock(&Extension->Other, Old); // expect: DT-L09
}
