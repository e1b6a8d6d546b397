/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    LONG Count;
} EXTENSION, *PEXTENSION;

_IRQL_raises_(DISPATCH_LEVEL) _IRQL_saves_global_(OldIrql, Extension) VOID Enter(PEXTENSION Extension);
_IRQL_restores_global_(OldIrql, Extension) VOID Leave(PEXTENSION Extension);

_IRQL_requires_(PASSIVE_LEVEL) VOID Both(PEXTENSION Extension, HANDLE Handle)
{
    Enter(Extension);
    Extension->Count++;
    Leave(Extension);
    ZwClose(Handle);
}

/* Shows ANN-020. */
