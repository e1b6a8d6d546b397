/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

DRIVER_DISPATCH Read;
#pragma alloc_text(PAGE, Read)

NTSTATUS Read(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PLONG value;

    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    PAGED_CODE();
    value = ExAllocatePool2(POOL_FLAG_PAGED, sizeof *value, 'tset');
    if (!value)
        return STATUS_INSUFFICIENT_RESOURCES;
    *value = 1;
    ExFreePool(value);
    return STATUS_SUCCESS;
}

_IRQL_requires_max_(APC_LEVEL) VOID TouchNonpaged(VOID)
{
    KIRQL old;
    PLONG value = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *value, 'tset');

    if (!value)
        return;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    *value = 1;
    KeLowerIrql(old);
    ExFreePool(value);
}
