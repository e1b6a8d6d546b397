/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Outer, Inner;
    ULONG      Count;
} EXTENSION, *PEXTENSION;

VOID Both(PEXTENSION Extension)
{
    KIRQL outer, inner;

    KeAcquireSpinLock(&Extension->Outer, &outer);
    KeAcquireSpinLock(&Extension->Inner, &inner);
    Extension->Count++;
    KeReleaseSpinLock(&Extension->Inner, inner);
    KeReleaseSpinLock(&Extension->Outer, outer);
}
