/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

NTSTATUS Drain(PIO_REMOVE_LOCK Lock, PIRP Irp, PIRP First)
{
    NTSTATUS status = IoAcquireRemoveLock(Lock, Irp);

    if (!NT_SUCCESS(status))
        return status;
    IoReleaseRemoveLock(Lock, First);
    IoReleaseRemoveLock(Lock, First); // expect: DT-L15
    IoReleaseRemoveLock(Lock, Irp);
    return STATUS_SUCCESS;
}
