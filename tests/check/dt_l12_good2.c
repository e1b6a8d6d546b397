/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Outer, Inner;
} EXTENSION, *PEXTENSION;

_IRQL_requires_(PASSIVE_LEVEL) VOID Crossed(PEXTENSION Extension)
{
    KIRQL outer, inner;

    KeAcquireSpinLock(&Extension->Outer, &outer);
    KeAcquireSpinLock(&Extension->Inner, &inner);
    KeReleaseSpinLock(&Extension->Outer, inner); /* each with the level that fits */
    KeReleaseSpinLock(&Extension->Inner, outer);
}
