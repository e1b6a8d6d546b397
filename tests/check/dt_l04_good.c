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
        goto out;
    count -= 1;
out:
    KeReleaseSpinLockFromDpcLevel(&lock);
    if (KeTryToAcquireSpinLockAtDpcLevel(&lock)) {
        count += 1;
        KeReleaseSpinLockFromDpcLevel(&lock);
    }
}

DRIVER_CANCEL Cancel;

VOID Cancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
}

/* Shows ANN-026, ANN-028. */
