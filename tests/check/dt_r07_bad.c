/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

IO_TIMER_ROUTINE Tick;
DRIVER_DISPATCH  Create;

NTSTATUS Create(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Irp);
    return IoInitializeTimer(DeviceObject, Tick, NULL); // expect: DT-R07
}

/* Shows ANN-046. */
