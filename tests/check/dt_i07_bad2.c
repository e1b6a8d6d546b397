/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Lock;
    LONG       Count;
} EXTENSION, *PEXTENSION;

_IRQL_raises_(DISPATCH_LEVEL) VOID Enter(PKIRQL Old);

static VOID Locked(PEXTENSION Extension)
{
    KIRQL old;

    KeAcquireSpinLock(&Extension->Lock, &old); // expect: DT-I07
    Extension->Count++;
    KeReleaseSpinLock(&Extension->Lock, old);
}

_IRQL_always_function_max_(APC_LEVEL) VOID ThroughHelper(PEXTENSION Extension)
{
    Locked(Extension);
}

_IRQL_always_function_max_(PASSIVE_LEVEL) _IRQL_requires_max_(PASSIVE_LEVEL) VOID Mutex(PFAST_MUTEX Mutex, PLONG Count)
{
    ExAcquireFastMutex(Mutex); // expect: DT-I07
    *Count += 1;
    ExReleaseFastMutex(Mutex);
}

_IRQL_always_function_min_(APC_LEVEL) VOID AtLeastApc(PKIRQL Old)
{
    KeLowerIrql(*Old); // expect: DT-I07
}

VOID Caller(VOID)
{
    KIRQL old;

    KeRaiseIrql(APC_LEVEL, &old);
    AtLeastApc(&old);
}
