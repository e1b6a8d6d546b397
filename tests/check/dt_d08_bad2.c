/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Lock;
    LONG       Count;
} EXTENSION, *PEXTENSION;

KDEFERRED_ROUTINE Dpc;
IO_TIMER_ROUTINE  Tick;

static VOID Lower(KIRQL Irql)
{
    KeLowerIrql(Irql); // expect: DT-I07
}

VOID Dpc(PKDPC Self, PVOID Context, PVOID A1, PVOID A2)
{
    PEXTENSION extension = Context;

    UNREFERENCED_PARAMETER(Self);
    UNREFERENCED_PARAMETER(A1);
    UNREFERENCED_PARAMETER(A2);
    if (extension->Count > 3)
        Lower(APC_LEVEL);
    extension->Count++;
} // expect: DT-D08

VOID Tick(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    KIRQL old;

    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Context);
    KeRaiseIrql(HIGH_LEVEL, &old);
} // expect: DT-D08
