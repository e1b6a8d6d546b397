/* SPDX-License-Identifier: MIT */
/* sp/ioctl.c - IRP_MJ_DEVICE_CONTROL of the adapter's device: service requests of virtual miniports (STV-013). */
#include "ddk/ntddscsi.h"
#include "sp/priv.h"

static NTSTATUS finish(PIRP irp, NTSTATUS status)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = 0;
    io_complete(irp, IO_NO_INCREMENT);
    return status;
}

NTSTATUS sp_ioctl(struct sp_adapter *a, PIRP irp)
{
    ULONG code = io_stack(irp)->Parameters.DeviceIoControl.IoControlCode;

    if (code != IOCTL_MINIPORT_PROCESS_SERVICE_IRP)
        return finish(irp, STATUS_INVALID_DEVICE_REQUEST);
    return sp_service(a, irp);
}
