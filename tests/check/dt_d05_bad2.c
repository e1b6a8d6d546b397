/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KDPC  Dpc;
    PVOID Last;
} DEVICE, *PDEVICE;

KSERVICE_ROUTINE Interrupt;

BOOLEAN Interrupt(PKINTERRUPT InterruptObject, PVOID Context)
{
    PDEVICE device = Context;
    ULONG   status = READ_PORT_ULONG((PULONG)device->Last);

    UNREFERENCED_PARAMETER(InterruptObject);
    if (!status)
        return FALSE;
    KeInsertQueueDpc(&device->Dpc, device->Last, (PVOID)(ULONG_PTR)status); // expect: DT-D05
    return TRUE;
}

VOID Submit(PDEVICE Device, PIRP Irp)
{
    (VOID) KeInsertQueueDpc(&Device->Dpc, NULL, Irp); // expect: DT-D05
}
