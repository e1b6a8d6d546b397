/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Lock;
    _Guarded_by_(Lock) LONG Count;
    _Write_guarded_by_(Lock) LONG State;
} EXTENSION, *PEXTENSION;

EXT_CALLBACK Expired;

_Requires_lock_held_(Extension->Lock) static VOID Reset(PEXTENSION Extension)
{
    Extension->Count = 0;
}

VOID Expired(PEX_TIMER Timer, PVOID Context)
{
    PEXTENSION extension = Context;

    UNREFERENCED_PARAMETER(Timer);
    if (extension->State) /* reading it is free */
        return;
    KeAcquireSpinLockAtDpcLevel(&extension->Lock);
    extension->Count++;
    extension->State = 1;
    Reset(extension);
    KeReleaseSpinLockFromDpcLevel(&extension->Lock);
}

_Requires_lock_held_(Extension->Lock) VOID Locked(PEXTENSION Extension)
{
    Extension->Count++;
}

static VOID Helper(PEXTENSION Extension)
{
    Extension->Count++; /* its callers hold the lock */
}

VOID Both(PEXTENSION Extension)
{
    KIRQL old;

    KeAcquireSpinLock(&Extension->Lock, &old);
    Helper(Extension);
    Locked(Extension);
    KeReleaseSpinLock(&Extension->Lock, old);
}

/* Shows ANN-039. */
