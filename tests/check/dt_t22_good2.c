/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KTIMER Timer;
    ULONG  Expired, Early;
} EXTENSION, *PEXTENSION;

VOID Count(PEXTENSION Extension)
{
    BOOLEAN expired = KeReadStateTimer(&Extension->Timer);

    if (expired)
        Extension->Expired++;
    else
        Extension->Early++;
}

BOOLEAN IsExpired(PEXTENSION Extension)
{
    return KeReadStateTimer(&Extension->Timer);
}
