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
    PEXTENSION       extension = DeviceExtension;
    STOR_LOCK_HANDLE handle = {0};

    UNREFERENCED_PARAMETER(Srb);
    if (!extension->PerMessage)
        StorPortAcquireSpinLock(DeviceExtension, InterruptLock, NULL, &handle);
    extension->Count++;
    if (extension->PerMessage)
        StorPortReleaseSpinLock(DeviceExtension, &handle); // expect: DT-S07
    return TRUE;                                           // expect: DT-S07
}
