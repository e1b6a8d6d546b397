/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

DRIVER_STARTIO StartIo;
#pragma alloc_text(PAGE, StartIo)

VOID StartIo(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    PAGED_CODE(); // expect: DT-I10
}

_IRQL_requires_max_(APC_LEVEL) VOID TouchPaged(VOID)
{
    KIRQL old;
    PLONG value = ExAllocatePool2(POOL_FLAG_PAGED, sizeof *value, 'tset');

    if (!value)
        return;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    *value = 1; // expect: DT-I10
    KeLowerIrql(old);
    ExFreePool(value);
}

_IRQL_requires_(DISPATCH_LEVEL) PVOID Allocate(VOID)
{
    return ExAllocatePoolWithTag(PagedPool, 100, 'tset'); // expect: DT-I10
}

VOID Helper(VOID);
#pragma alloc_text(PAGE, Locks, Helper)

VOID Locks(PKSPIN_LOCK Lock)
{
    KIRQL old;

    PAGED_CODE();
    KeAcquireSpinLock(Lock, &old); // expect: DT-I10
    KeReleaseSpinLock(Lock, old);
}

/* Shows ANN-032. */
