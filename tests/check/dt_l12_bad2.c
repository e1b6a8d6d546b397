/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Outer, Inner;
    KIRQL      OuterIrql, InnerIrql;
} EXTENSION, *PEXTENSION;

_IRQL_requires_(PASSIVE_LEVEL) VOID Members(PEXTENSION Extension)
{
    KeAcquireSpinLock(&Extension->Outer, &Extension->OuterIrql);
    KeAcquireSpinLock(&Extension->Inner, &Extension->InnerIrql);
    KeReleaseSpinLock(&Extension->Outer, Extension->OuterIrql); // expect: DT-L12
    KeReleaseSpinLock(&Extension->Inner, Extension->InnerIrql); // expect: DT-I02
} // expect: DT-I05
