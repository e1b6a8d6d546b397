/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

#include <storport.h>

HW_FIND_ADAPTER FindAdapter;
HW_TIMER        Tick;

typedef struct {
    KSPIN_LOCK Lock;
    KTIMER     Timer;
} EXTENSION, *PEXTENSION;

static VOID Restart(PEXTENSION Extension)
{
    LARGE_INTEGER due;

    due.QuadPart = -10000000;
    KeSetTimer(&Extension->Timer, due, NULL); // expect: DT-S15
}

_Use_decl_annotations_ VOID Tick(PVOID DeviceExtension)
{
    Restart(DeviceExtension);
}
