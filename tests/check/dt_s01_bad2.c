/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_STARTIO StartIo;

typedef struct {
    PVOID Handle;
    ULONG Ticks;
} EXTENSION, *PEXTENSION;

static VOID Tick(PVOID DeviceExtension)
{
    PEXTENSION extension = DeviceExtension;

    extension->Ticks++;
}

static VOID Arm(PVOID DeviceExtension, PHW_TIMER Routine, ULONG Microseconds)
{
    StorPortNotification(RequestTimerCall, DeviceExtension, Routine, Microseconds); // expect: DT-S01
}

static VOID TickEx(PVOID DeviceExtension, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceExtension);
    UNREFERENCED_PARAMETER(Context);
}

BOOLEAN StartIo(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    PEXTENSION extension = DeviceExtension;

    Arm(DeviceExtension, NULL, 1000);
    if (Srb->DataTransferLength)
        StorPortNotification(RequestTimerCall, DeviceExtension, &Tick, 1000);        // expect: DT-S01
    StorPortRequestTimer(DeviceExtension, extension->Handle, TickEx, NULL, 1000, 0); // expect: DT-S01 DT-R01
    return TRUE;
}
