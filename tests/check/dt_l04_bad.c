/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

KDEFERRED_ROUTINE Dpc;
static KSPIN_LOCK lock;
static LONG       count;

VOID Dpc(PKDPC Self, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Self);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    KeAcquireSpinLockAtDpcLevel(&lock);
    if (count == 0)
        return; // expect: DT-L04
    count -= 1;
    KeReleaseSpinLockFromDpcLevel(&lock);
}

DRIVER_DISPATCH Read;

NTSTATUS Read(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    KIRQL old;

    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    IoAcquireCancelSpinLock(&old);
    return STATUS_SUCCESS; // expect: DT-L04
}
