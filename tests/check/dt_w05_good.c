/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

IO_COMPLETION_ROUTINE Completed;

NTSTATUS Completed(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    KeSetEvent(Context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

_IRQL_requires_max_(APC_LEVEL) VOID SetAndWait(PKEVENT Event, PKEVENT Answer)
{
    KeSetEvent(Event, IO_NO_INCREMENT, TRUE);
    KeWaitForSingleObject(Answer, Executive, KernelMode, FALSE, NULL);
}
