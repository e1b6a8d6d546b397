/* SPDX-License-Identifier: MIT */
#include <storport.h>

HW_STARTIO  StartIo;
HW_TIMER    Tick;
HW_TIMER_EX TickEx;

typedef struct {
    PVOID Handle;
} EXTENSION, *PEXTENSION;

static VOID Arm(PVOID DeviceExtension, PHW_TIMER Routine, ULONG Microseconds)
{
    StorPortNotification(RequestTimerCall, DeviceExtension, Routine, Microseconds);
}

BOOLEAN StartIo(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    PEXTENSION extension = DeviceExtension;

    UNREFERENCED_PARAMETER(Srb);
    Arm(DeviceExtension, Tick, 1000);
    Arm(DeviceExtension, NULL, 0); /* cancels */
    StorPortRequestTimer(DeviceExtension, extension->Handle, TickEx, NULL, 1000, 0);
    return TRUE;
}
