/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

static KSPIN_LOCK global;
_Guarded_by_(global) static LONG guarded;

typedef struct {
    KSPIN_LOCK Lock;
    _Guarded_by_(Lock) LONG Count;
    _Write_guarded_by_(Lock) LONG State;
} EXTENSION, *PEXTENSION;

EXT_CALLBACK Expired;

VOID Expired(PEX_TIMER Timer, PVOID Context)
{
    PEXTENSION extension = Context;

    UNREFERENCED_PARAMETER(Timer);
    if (extension->Count > 3) // expect: DT-L15
        extension->State = 1; // expect: DT-L15
}

_IRQL_requires_max_(DISPATCH_LEVEL) VOID TooLate(PEXTENSION Extension)
{
    KIRQL old;

    KeAcquireSpinLock(&global, &old);
    guarded++;
    KeReleaseSpinLock(&global, old);
    guarded = 0; // expect: DT-L15
    KeAcquireSpinLock(&global, &old);
    Extension->Count++; // expect: DT-L15
    KeReleaseSpinLock(&global, old);
}

/* Shows ANN-039. */
