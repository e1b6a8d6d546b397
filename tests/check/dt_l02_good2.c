/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Lock;
    LONG       Count;
} EXTENSION, *PEXTENSION;

EXT_CALLBACK Expired;

VOID Expired(PEX_TIMER Timer, PVOID Context)
{
    PEXTENSION extension = Context;
    BOOLEAN    locked = FALSE;

    UNREFERENCED_PARAMETER(Timer);
    if (extension->Count) {
        KeAcquireSpinLockAtDpcLevel(&extension->Lock);
        locked = TRUE;
    }
    if (locked)
        KeReleaseSpinLockFromDpcLevel(&extension->Lock);
}

VOID Unlock(PEXTENSION Extension, KIRQL Old)
{
    KeReleaseSpinLock(&Extension->Lock, Old); /* a wrapper: its caller has taken it */
}
