/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_STARTIO     StartIo;
HW_INTERRUPT   Interrupt;
HW_DPC_ROUTINE Dpc;
HW_BUILDIO     BuildIo;

static VOID Lock(PVOID DeviceExtension, PSTOR_LOCK_HANDLE Handle)
{
    StorPortAcquireSpinLock(DeviceExtension, StartIoLock, NULL, Handle); // expect: DT-S06
}

BOOLEAN StartIo(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    STOR_LOCK_HANDLE handle = {0};

    UNREFERENCED_PARAMETER(Srb);
    Lock(DeviceExtension, &handle);
    StorPortReleaseSpinLock(DeviceExtension, &handle);
    return TRUE;
}

BOOLEAN Interrupt(PVOID DeviceExtension)
{
    STOR_LOCK_HANDLE handle = {0};

    StorPortAcquireSpinLock(DeviceExtension, InterruptLock, NULL, &handle); // expect: DT-S06
    StorPortReleaseSpinLock(DeviceExtension, &handle);
    return TRUE;
}

BOOLEAN BuildIo(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    STOR_LOCK_HANDLE first = {0}, second = {0};

    StorPortAcquireSpinLock(DeviceExtension, InterruptLock, NULL, &first);
    if (Srb->DataTransferLength) {
        StorPortAcquireSpinLock(DeviceExtension, StartIoLock, NULL, &second); // expect: DT-S06
        StorPortReleaseSpinLock(DeviceExtension, &second);
    }
    StorPortReleaseSpinLock(DeviceExtension, &first);
    return TRUE;
}
