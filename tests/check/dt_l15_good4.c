/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

/* A remove lock is counted by tag: other requests give back what they took themselves. */
NTSTATUS Drain(PIO_REMOVE_LOCK Lock, PIRP Irp, PIRP First, PIRP Second)
{
    NTSTATUS status = IoAcquireRemoveLock(Lock, Irp);

    if (!NT_SUCCESS(status))
        return status;
    IoReleaseRemoveLock(Lock, First);
    IoReleaseRemoveLock(Lock, Second);
    IoReleaseRemoveLock(Lock, Irp);
    return STATUS_SUCCESS;
}
