/* SPDX-License-Identifier: MIT */
#include <ntddk.h>
#include <storport.h>

HW_FIND_ADAPTER Find;
HW_STARTIO      StartIo;

BOOLEAN StartIo(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    KSPIN_LOCK *lock = DeviceExtension;
    KIRQL       old;

    UNREFERENCED_PARAMETER(Srb);
    KeAcquireSpinLock(lock, &old); // expect: DT-S15
    KeReleaseSpinLock(lock, old);  // expect: DT-S15
    return TRUE;
}
