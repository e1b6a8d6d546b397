/* SPDX-License-Identifier: MIT */
#include <storport.h>

typedef struct {
    BOOLEAN             PerMessage;
    ULONG               Count;
    PSCSI_REQUEST_BLOCK Slots[8];
    PVOID               Buffer;
} EXTENSION, *PEXTENSION;

HW_STARTIO StartIo;

BOOLEAN StartIo(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    STOR_LOCK_HANDLE handle = {0};
    PVOID            address = NULL;

    StorPortGetSystemAddress(DeviceExtension, Srb, &address);
    StorPortAcquireSpinLock(DeviceExtension, InterruptLock, NULL, &handle);
    StorPortReleaseSpinLock(DeviceExtension, &handle);
    return address != NULL;
}
