/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_INTERRUPT Interrupt;
HW_BUILDIO   BuildIo;
HW_TIMER     Tick;

typedef struct {
    BOOLEAN AtInterrupt;
    ULONG   Count;
} EXTENSION, *PEXTENSION;

static VOID Count(PEXTENSION Extension, BOOLEAN Lock)
{
    STOR_LOCK_HANDLE handle = {0};

    if (Lock)
        StorPortAcquireSpinLock(Extension, InterruptLock, NULL, &handle);
    Extension->Count++;
    if (Lock)
        StorPortReleaseSpinLock(Extension, &handle);
}

BOOLEAN Interrupt(PVOID DeviceExtension)
{
    Count(DeviceExtension, FALSE);
    return TRUE;
}

BOOLEAN BuildIo(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    UNREFERENCED_PARAMETER(Srb);
    Count(DeviceExtension, TRUE);
    Count(DeviceExtension, TRUE);
    return TRUE;
}

_Use_decl_annotations_ VOID Tick(PVOID DeviceExtension)
{
    Count(DeviceExtension, TRUE);
}
