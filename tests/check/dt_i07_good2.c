/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Lock;
    LONG       Count;
} EXTENSION, *PEXTENSION;

_IRQL_always_function_max_(DISPATCH_LEVEL) VOID Locked(PEXTENSION Extension)
{
    KIRQL old;

    KeAcquireSpinLock(&Extension->Lock, &old);
    Extension->Count++;
    KeReleaseSpinLock(&Extension->Lock, old);
}

_IRQL_always_function_min_(APC_LEVEL) VOID ToApc(PKIRQL Old)
{
    KeLowerIrql(*Old);
}

VOID Caller(VOID)
{
    KIRQL old, older;

    KeRaiseIrql(APC_LEVEL, &older);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    ToApc(&old);
    KeLowerIrql(older);
}

_IRQL_requires_min_(DISPATCH_LEVEL) VOID Up(PLONG Count)
{
    KIRQL old;

    KeRaiseIrql(HIGH_LEVEL, &old);
    *Count += 1;
    KeLowerIrql(old);
}
