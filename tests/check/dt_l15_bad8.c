/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Lock, Other;
    LONG       Count;
} EXTENSION, *PEXTENSION;

_Requires_lock_held_(Extension->Lock) VOID Locked(PEXTENSION Extension);

VOID Called(PEXTENSION Extension)
{
    _Analysis_assume_lock_held_(Extension->Other);
    Locked(Extension); // expect: DT-L15
}
