/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KDPC Dpc;
    LONG Missed;
} DEVICE, *PDEVICE;

VOID Submit(PDEVICE Device, PIRP Irp)
{
    if (!KeInsertQueueDpc(&Device->Dpc, Irp, NULL))
        InterlockedIncrement(&Device->Missed);
}

BOOLEAN Try(PDEVICE Device, PIRP Irp)
{
    return KeInsertQueueDpc(&Device->Dpc, Irp, NULL);
}

VOID Kick(PDEVICE Device)
{
    KeInsertQueueDpc(&Device->Dpc, NULL, NULL);
}
