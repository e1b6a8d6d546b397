/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

IO_COMPLETION_ROUTINE Completed;

NTSTATUS Completed(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    KIRQL old;

    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    *(PLONG)Context += 1;
    return STATUS_SUCCESS; // expect: DT-I09
}
