/* SPDX-License-Identifier: MIT */
/* ddi/ddi_stor_more.c - StorPort's extended routines for timers, locks, DPCs, interrupts and performance. */
#include "ddi/ddi_stor.h"

/* ---- timers ---- */

STORPORTAPI ULONG StorPortInitializeTimer(PVOID HwDeviceExtension, PVOID *TimerHandle)
{
    ULONG status;

    STOR_ENTER_ANY(StorPortInitializeTimer, HwDeviceExtension);
    if (!a || !TimerHandle)
        status = STOR_STATUS_INVALID_PARAMETER;
    else if (!STOR_IRQL_FITS(StorPortInitializeTimer))
        status = STOR_STATUS_INVALID_IRQL;
    else
        status = sp_timer_ex_create(a, TimerHandle);
    STOR_LEAVE(StorPortInitializeTimer, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortRequestTimer(PVOID HwDeviceExtension, PVOID TimerHandle, PHW_TIMER_EX TimerCallback,
    PVOID CallbackContext, ULONGLONG TimerValue, ULONGLONG TolerableDelay)
{
    struct sp_timer_request r = {TimerCallback, CallbackContext, TimerValue, TolerableDelay};

    STOR_ENTER_CHECKED(StorPortRequestTimer, HwDeviceExtension);
    ULONG status = a ? sp_timer_ex_request(a, TimerHandle, &r) : STOR_STATUS_INVALID_PARAMETER;

    STOR_LEAVE(StorPortRequestTimer, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortFreeTimer(PVOID HwDeviceExtension, PVOID TimerHandle)
{
    ULONG status;

    STOR_ENTER_ANY(StorPortFreeTimer, HwDeviceExtension);
    if (!a || !TimerHandle)
        status = STOR_STATUS_INVALID_PARAMETER;
    else if (!STOR_IRQL_FITS(StorPortFreeTimer))
        status = STOR_STATUS_INVALID_IRQL;
    else
        status = sp_timer_ex_free(a, TimerHandle);
    STOR_LEAVE(StorPortFreeTimer, HwDeviceExtension, status);
}

/* ---- locks ---- */

static ULONG acquire_ex(
    struct sp_adapter *a, STOR_SPINLOCK lock, PVOID context, PSTOR_LOCK_HANDLE handle, const void *caller)
{
    bool dpc = lock == DpcLock || lock == ThreadedDpcLock || lock == DpcLevelLock;

    if (stor_absent(a, SP_OS_10_1809))
        return STOR_STATUS_NOT_IMPLEMENTED;
    if (!handle || lock < DpcLock || lock > DpcLevelLock || dpc != (context != NULL))
        return STOR_STATUS_INVALID_PARAMETER;
    if (lock == DpcLevelLock && mach_irql() < DISPATCH_LEVEL) /* STL-035 */
        return STOR_STATUS_INVALID_IRQL;
    if (lock != InterruptLock && mach_irql() > DISPATCH_LEVEL)
        return STOR_STATUS_INVALID_IRQL;
    sp_spin_acquire(a, lock, context, handle, caller);
    return STOR_STATUS_SUCCESS;
}

STORPORTAPI ULONG StorPortAcquireSpinLockEx(
    PVOID HwDeviceExtension, STOR_SPINLOCK SpinLock, PVOID LockContext, PSTOR_LOCK_HANDLE LockHandle)
{
    STOR_ENTER_CHECKED(StorPortAcquireSpinLockEx, HwDeviceExtension);
    ULONG status = a ? acquire_ex(a, SpinLock, LockContext, LockHandle, __builtin_return_address(0))
                     : STOR_STATUS_INVALID_PARAMETER;

    STOR_LEAVE(StorPortAcquireSpinLockEx, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortAcquireMSISpinLock(PVOID HwDeviceExtension, ULONG MessageId, PULONG OldIrql)
{
    ULONG status;

    STOR_ENTER_CHECKED(StorPortAcquireMSISpinLock, HwDeviceExtension);
    if (!a || !OldIrql)
        status = STOR_STATUS_INVALID_PARAMETER;
    else if (stor_absent(a, SP_OS_7))
        status = STOR_STATUS_NOT_IMPLEMENTED;
    else
        status = sp_msi_acquire(a, MessageId, OldIrql, __builtin_return_address(0));
    STOR_LEAVE(StorPortAcquireMSISpinLock, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortReleaseMSISpinLock(PVOID HwDeviceExtension, ULONG MessageId, ULONG OldIrql)
{
    STOR_ENTER_CHECKED(StorPortReleaseMSISpinLock, HwDeviceExtension);
    ULONG status =
        a ? sp_msi_release(a, MessageId, OldIrql, __builtin_return_address(0)) : STOR_STATUS_INVALID_PARAMETER;

    STOR_LEAVE(StorPortReleaseMSISpinLock, HwDeviceExtension, status);
}

/* ---- interrupts ---- */

/* STL-101. */
STORPORTAPI ULONG StorPortGetMSIInfo(
    PVOID HwDeviceExtension, ULONG MessageId, PMESSAGE_INTERRUPT_INFORMATION InterruptInfo)
{
    STOR_ENTER_CHECKED(StorPortGetMSIInfo, HwDeviceExtension);
    ULONG status = STOR_STATUS_INVALID_PARAMETER;

    if (a && sp_inside(a, SP_CALL_MESSAGE))
        sp_stop("DT-S12", HwDeviceExtension, __builtin_return_address(0),
            "StorPortGetMSIInfo is called inside the message routine");
    if (a && InterruptInfo)
        status = sp_msi_info(a, MessageId, InterruptInfo);
    STOR_LEAVE(StorPortGetMSIInfo, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortMaskMsixInterrupt(PVOID HwDeviceExtension, ULONG MessageId, BOOLEAN Mask)
{
    STOR_ENTER_CHECKED(StorPortMaskMsixInterrupt, HwDeviceExtension);
    ULONG status = a ? sp_msi_mask(a, MessageId, Mask) : STOR_STATUS_INVALID_PARAMETER;

    STOR_LEAVE(StorPortMaskMsixInterrupt, HwDeviceExtension, status);
}

/* ---- DPCs ---- */

STORPORTAPI ULONG StorPortCancelDpc(PVOID HwDeviceExtension, PSTOR_DPC Dpc, PBOOLEAN ReturnValue)
{
    ULONG status = STOR_STATUS_SUCCESS;

    STOR_ENTER_CHECKED(StorPortCancelDpc, HwDeviceExtension);
    if (!a || !Dpc || !ReturnValue)
        status = STOR_STATUS_INVALID_PARAMETER;
    else if (stor_absent(a, SP_OS_8))
        status = STOR_STATUS_NOT_IMPLEMENTED;
    else
        *ReturnValue = sp_dpc_cancel(a, Dpc);
    STOR_LEAVE(StorPortCancelDpc, HwDeviceExtension, status);
}

/* STD-021, STD-022. */
STORPORTAPI ULONG StorPortQueryDpcWatchdogInformation(
    PVOID HwDeviceExtension, PSTOR_DPC_WATCHDOG_INFORMATION DpcWatchdogInformation)
{
    KDPC_WATCHDOG_INFORMATION w = {0};
    ULONG                     status = STOR_STATUS_SUCCESS;

    STOR_ENTER_ANY(StorPortQueryDpcWatchdogInformation, HwDeviceExtension);
    if (!a || !DpcWatchdogInformation)
        status = STOR_STATUS_INVALID_PARAMETER;
    else if (!ke_dpc_watchdog(&w))
        status = STOR_STATUS_UNSUCCESSFUL;
    else
        *DpcWatchdogInformation = (STOR_DPC_WATCHDOG_INFORMATION){.DpcTimeLimit = w.DpcTimeLimit,
            .DpcTimeCount = w.DpcTimeCount,
            .DpcWatchdogLimit = w.DpcWatchdogLimit,
            .DpcWatchdogCount = w.DpcWatchdogCount};
    STOR_LEAVE(StorPortQueryDpcWatchdogInformation, HwDeviceExtension, status);
}

/* ---- performance ---- */

/* STL-123: NULL data is a mistake that no version forgives. */
STORPORTAPI ULONG StorPortInitializePerfOpts(
    PVOID HwDeviceExtension, BOOLEAN Query, PPERF_CONFIGURATION_DATA PerfConfigData)
{
    STOR_ENTER_CHECKED(StorPortInitializePerfOpts, HwDeviceExtension);
    ULONG status = STOR_STATUS_INVALID_PARAMETER;

    if (a && PerfConfigData)
        status = sp_perf_initialize(a, Query, PerfConfigData);
    STOR_LEAVE(StorPortInitializePerfOpts, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortGetStartIoPerfParams(
    PVOID HwDeviceExtension, PSCSI_REQUEST_BLOCK Srb, PSTARTIO_PERFORMANCE_PARAMETERS StartIoPerfParams)
{
    STOR_ENTER_CHECKED(StorPortGetStartIoPerfParams, HwDeviceExtension);
    ULONG status = STOR_STATUS_INVALID_PARAMETER;

    if (a && Srb && StartIoPerfParams)
        status = sp_perf_startio(a, Srb, StartIoPerfParams);
    STOR_LEAVE(StorPortGetStartIoPerfParams, HwDeviceExtension, status);
}
