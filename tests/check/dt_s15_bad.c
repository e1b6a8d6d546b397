/* SPDX-License-Identifier: MIT */
#include <storport.h>

#include <ntddk.h>

HW_FIND_ADAPTER FindAdapter;
HW_STARTIO      StartIo;

BOOLEAN StartIo(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    UNREFERENCED_PARAMETER(DeviceExtension);
    ExFreePool(Srb->SrbExtension); // expect: DT-S15
    return TRUE;
}
