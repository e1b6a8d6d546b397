/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Lock;
    KIRQL      Old;
} EXTENSION, *PEXTENSION;

KDEFERRED_ROUTINE Dpc;
DRIVER_DISPATCH   Read;

static VOID Enter(PKIRQL Old)
{
    KeRaiseIrql(APC_LEVEL, Old); // expect: DT-I03
} // expect: DT-I05

VOID Dpc(PKDPC Self, PVOID Context, PVOID A1, PVOID A2)
{
    KIRQL old;

    UNREFERENCED_PARAMETER(Self);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(A1);
    UNREFERENCED_PARAMETER(A2);
    Enter(&old);
    KeLowerIrql(old);
}

_IRQL_requires_max_(DISPATCH_LEVEL) VOID UnderLock(PEXTENSION Extension)
{
    KIRQL old, older;

    KeAcquireSpinLock(&Extension->Lock, &old);
    KeRaiseIrql(PASSIVE_LEVEL, &older); // expect: DT-I03
    KeLowerIrql(older);
    KeReleaseSpinLock(&Extension->Lock, old);
}

NTSTATUS Read(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    KIRQL old = KeRaiseIrqlToDpcLevel();

    KeRaiseIrql(APC_LEVEL, &old); // expect: DT-I03
    KeLowerIrql(old);
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    return STATUS_SUCCESS; // expect: DT-I09
}
