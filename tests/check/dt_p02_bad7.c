/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Lock, Other;
    ULONG      Count;
} DEVICE, *PDEVICE;

LONG volatile busy;

BOOLEAN Claim(VOID)
{
    return InterlockedCompareExchange(&busy, 1, 0) == 0;
}

VOID Disclaim(VOID)
{
    busy--; // expect: DT-P02
}
