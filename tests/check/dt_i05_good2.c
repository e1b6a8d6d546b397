/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Lock;
    LONG       Count;
} EXTENSION, *PEXTENSION;

_IRQL_requires_max_(DISPATCH_LEVEL) VOID Loop(PEXTENSION Extension)
{
    KIRQL old;

    for (LONG i = 0; i < Extension->Count; i++) {
        KeRaiseIrql(DISPATCH_LEVEL, &old);
        if (i == 3) {
            KeLowerIrql(old);
            continue;
        }
        KeLowerIrql(old);
    }
}

_IRQL_requires_max_(DISPATCH_LEVEL) NTSTATUS Cleanup(PEXTENSION Extension, ULONG Code)
{
    NTSTATUS status = STATUS_SUCCESS;
    KIRQL    old = KeRaiseIrqlToDpcLevel();

    if (Code == 0) {
        status = STATUS_INVALID_PARAMETER;
        goto done;
    }
    Extension->Count += (LONG)Code;
done:
    KeLowerIrql(old);
    return status;
}

_Acquires_lock_(Extension->Lock) _IRQL_saves_ _IRQL_raises_(DISPATCH_LEVEL)
KIRQL Lock(PEXTENSION Extension)
{
    return KeAcquireSpinLockRaiseToDpc(&Extension->Lock);
}

_Releases_lock_(Extension->Lock) VOID Unlock(PEXTENSION Extension, _IRQL_restores_ KIRQL Old)
{
    KeReleaseSpinLock(&Extension->Lock, Old);
}

_IRQL_requires_max_(DISPATCH_LEVEL) VOID Both(PEXTENSION Extension)
{
    KIRQL old = Lock(Extension);

    Extension->Count++;
    Unlock(Extension, old);
}
