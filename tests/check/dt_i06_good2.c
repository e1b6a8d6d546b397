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
    return old;
}

_When_(return == 0, _IRQL_raises_(DISPATCH_LEVEL)) NTSTATUS TryEnter(PEXTENSION Extension, BOOLEAN Ready)
{
    if (!Ready)
        return STATUS_DEVICE_NOT_READY;
    KeAcquireSpinLock(&Extension->Lock, &Extension->Old);
    return STATUS_SUCCESS;
}

_IRQL_requires_(PASSIVE_LEVEL) VOID Use(PEXTENSION Extension)
{
    if (TryEnter(Extension, TRUE) == STATUS_SUCCESS)
        KeReleaseSpinLock(&Extension->Lock, Extension->Old);
    ZwClose(NULL);
}

_IRQL_raises_(DISPATCH_LEVEL) _IRQL_saves_global_(OldIrql, Extension) VOID Enter(PEXTENSION Extension)
{
    Extension->Old = KeRaiseIrqlToDpcLevel();
}

_IRQL_restores_global_(OldIrql, Extension) VOID Exit(PEXTENSION Extension)
{
    KeLowerIrql(Extension->Old);
}

static VOID Saver(KIRQL Old)
{
    KeRaiseIrql(KeGetCurrentIrql(), &Old);
}

VOID ByValue(_IRQL_saves_ KIRQL Old)
{
    Saver(Old);
}
