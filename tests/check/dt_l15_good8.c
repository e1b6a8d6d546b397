/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Lock;
    LONG       Count;
} EXTENSION, *PEXTENSION;

_Requires_lock_held_(Extension->Lock) VOID Locked(PEXTENSION Extension);

/* It is known otherwise that the lock is held, or that it is not. */
VOID Called(PEXTENSION Extension)
{
    _Analysis_assume_lock_held_(Extension->Lock);
    Locked(Extension);
}

_Acquires_lock_(Extension->Lock) VOID Enter(PEXTENSION Extension);

VOID HandsOver(PEXTENSION Extension)
{
    Enter(Extension);
    Extension->Count++;
    _Analysis_assume_lock_released_(Extension->Lock); /* by who takes it over */
}
