/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_TIMER   Tick;
HW_BUILDIO BuildIo;

_Use_decl_annotations_ VOID Tick(PVOID DeviceExtension)
{
    STOR_LOCK_HANDLE handle = {0};

    StorPortAcquireSpinLock(DeviceExtension, InterruptLock, NULL, &handle);
    StorPortReleaseSpinLock(DeviceExtension, &handle);
}

BOOLEAN BuildIo(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    STOR_LOCK_HANDLE first = {0}, second = {0};

    UNREFERENCED_PARAMETER(Srb);
    StorPortAcquireSpinLock(DeviceExtension, StartIoLock, NULL, &first);
    StorPortAcquireSpinLock(DeviceExtension, InterruptLock, NULL, &second);
    StorPortReleaseSpinLock(DeviceExtension, &second);
    StorPortReleaseSpinLock(DeviceExtension, &first);
    return TRUE;
}
