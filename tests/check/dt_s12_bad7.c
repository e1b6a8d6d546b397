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

    StorPortAcquireSpinLock(DeviceExtension, InterruptLock, NULL, &handle);
    StorPortGetSystemAddress(DeviceExtension, Srb, &address); // expect: DT-S12
    StorPortReleaseSpinLock(DeviceExtension, &handle);
    return address != NULL;
}

HW_TIMER Timer;

_Use_decl_annotations_ VOID Timer(PVOID DeviceExtension)
{
    UCHAR name[] = "Depth";
    ULONG value, length = sizeof value;

    StorPortRegistryRead(DeviceExtension, name, 1, MINIPORT_REG_DWORD, (PUCHAR)&value, &length); // expect: DT-S12
}
