/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KTIMER Timer;
    KDPC   Dpc;
    PVOID  Buffer;
} EXTENSION, *PEXTENSION;

VOID Poll(PEXTENSION Extension)
{
    BOOLEAN expired;

    do {
        expired = KeReadStateTimer(&Extension->Timer); // expect: DT-T22
    } while (!expired);
}

VOID Reuse(PEXTENSION Extension)
{
    BOOLEAN expired = KeReadStateTimer(&Extension->Timer); // expect: DT-T22

    if (expired)
        KeInitializeTimer(&Extension->Timer);
}

VOID Free(PEXTENSION Extension)
{
    if (!KeReadStateTimer(&Extension->Timer)) // expect: DT-T22
        return;
    ExFreePoolWithTag(Extension->Buffer, 'ffuB');
}
