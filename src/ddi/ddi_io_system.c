/* SPDX-License-Identifier: MIT */
/* ddi/ddi_io_system.c - shutdown, hard errors, watchdogs, volumes: what drivers of a system without them still call. */
#include "ddi/ddi.h"
#include "ex/pool.h"
#include "io/priv.h"

/* ---- shutdown: the machine is never shut down, it just ends ---- */

NTKERNELAPI NTSTATUS NTAPI IoRegisterShutdownNotification(PDEVICE_OBJECT DeviceObject)
{
    DDI_ENTER(IoRegisterShutdownNotification, DeviceObject);
    DeviceObject->Flags |= DO_SHUTDOWN_REGISTERED;
    DDI_LEAVE(IoRegisterShutdownNotification, DeviceObject, STATUS_SUCCESS);
    return STATUS_SUCCESS;
}

NTKERNELAPI NTSTATUS NTAPI IoRegisterLastChanceShutdownNotification(PDEVICE_OBJECT DeviceObject)
{
    DDI_ENTER(IoRegisterLastChanceShutdownNotification, DeviceObject);
    DeviceObject->Flags |= DO_SHUTDOWN_REGISTERED;
    DDI_LEAVE(IoRegisterLastChanceShutdownNotification, DeviceObject, STATUS_SUCCESS);
    return STATUS_SUCCESS;
}

NTKERNELAPI VOID NTAPI IoUnregisterShutdownNotification(PDEVICE_OBJECT DeviceObject)
{
    DDI_ENTER(IoUnregisterShutdownNotification, DeviceObject);
    DeviceObject->Flags &= ~(ULONG)DO_SHUTDOWN_REGISTERED;
    DDI_LEAVE(IoUnregisterShutdownNotification, DeviceObject, 0);
}

/* ---- nobody to be told, nobody who watches ---- */

NTKERNELAPI BOOLEAN NTAPI IoRaiseInformationalHardError(NTSTATUS ErrorStatus, PUNICODE_STRING String, PKTHREAD Thread)
{
    DDI_ENTER(IoRaiseInformationalHardError, String);
    (void)ErrorStatus, (void)Thread;
    DDI_LEAVE(IoRaiseInformationalHardError, String, FALSE);
    return FALSE;
}

NTKERNELAPI BOOLEAN NTAPI PoQueryWatchdogTime(PDEVICE_OBJECT Pdo, PULONG SecondsRemaining)
{
    DDI_ENTER_QUIET(PoQueryWatchdogTime, Pdo);
    *SecondsRemaining = 0;
    return FALSE;
}

/* ---- pool ---- */

NTKERNELAPI SIZE_T NTAPI ExQueryPoolBlockSize(PVOID PoolBlock, PBOOLEAN QuotaCharged)
{
    struct ex_pool_block block;

    *QuotaCharged = FALSE;
    return ex_pool_find(PoolBlock, &block) && !block.freed ? block.bytes : 0;
}
