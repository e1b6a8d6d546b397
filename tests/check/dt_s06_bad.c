/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_TIMER     Tick;
HW_INTERRUPT Interrupt;
HW_BUILDIO   BuildIo;

_Use_decl_annotations_ VOID Tick(PVOID DeviceExtension)
{
    STOR_LOCK_HANDLE handle = {0};

    StorPortAcquireSpinLock(DeviceExtension, StartIoLock, NULL, &handle); // expect: DT-S06
}

BOOLEAN Interrupt(PVOID DeviceExtension)
{
    STOR_LOCK_HANDLE handle = {0};

    StorPortAcquireSpinLock(DeviceExtension, StartIoLock, NULL, &handle); // expect: DT-S06
    StorPortReleaseSpinLock(DeviceExtension, &handle);
    return TRUE;
}

BOOLEAN BuildIo(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    STOR_LOCK_HANDLE first = {0}, second = {0};

    UNREFERENCED_PARAMETER(Srb);
    StorPortAcquireSpinLock(DeviceExtension, InterruptLock, NULL, &first);
    StorPortAcquireSpinLock(DeviceExtension, InterruptLock, NULL, &second); // expect: DT-S06
    StorPortReleaseSpinLock(DeviceExtension, &first);
    return TRUE;
}

/* Shows ANN-037, ANN-038. */
