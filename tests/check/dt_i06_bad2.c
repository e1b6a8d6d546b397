/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Lock;
    KIRQL      Old;
} EXTENSION, *PEXTENSION;

_IRQL_saves_ _IRQL_raises_(DISPATCH_LEVEL)
KIRQL        Result(PEXTENSION Extension)
{
    KIRQL old;

    KeAcquireSpinLock(&Extension->Lock, &old);
    return DISPATCH_LEVEL; // expect: DT-I06
}

_IRQL_raises_(DISPATCH_LEVEL) VOID TooLittle(PKIRQL Old)
{
    KeRaiseIrql(APC_LEVEL, Old);
} // expect: DT-I06

_When_(return == 0, _IRQL_raises_(DISPATCH_LEVEL)) NTSTATUS TryEnter(PEXTENSION Extension, BOOLEAN Ready)
{
    if (!Ready)
        return STATUS_SUCCESS; // expect: DT-I06
    KeAcquireSpinLock(&Extension->Lock, &Extension->Old);
    return STATUS_SUCCESS;
}

VOID Leave(_In_ _IRQL_restores_ PKIRQL Old, PEXTENSION Extension)
{
    if (Extension->Lock)
        return; // expect: DT-I06
    KeLowerIrql(*Old);
}
