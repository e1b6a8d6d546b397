/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

IO_COMPLETION_ROUTINE Completed;

NTSTATUS Completed(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    KIRQL old;

    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeSetEvent(Context, IO_NO_INCREMENT, TRUE); // expect: DT-W05
    KeLowerIrql(old);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

_IRQL_requires_max_(APC_LEVEL) VOID SetOnly(PKEVENT Event, PLONG Value)
{
    KeSetEvent(Event, IO_NO_INCREMENT, TRUE); // expect: DT-W05
    *Value += 1;
    KeClearEvent(Event);
}
