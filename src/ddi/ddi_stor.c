/* SPDX-License-Identifier: MIT */
/* ddi/ddi_stor.c - StorPort as miniports see it: initialisation, notifications, synchronisation, locks, DPCs. */
#include <stdarg.h>

#include "ddi/ddi_stor.h"

STORPORTAPI ULONG StorPortInitialize(
    PVOID Argument1, PVOID Argument2, PHW_INITIALIZATION_DATA HwInitializationData, PVOID HwContext)
{
    DDI_ENTER(StorPortInitialize, Argument1);
    NTSTATUS status = sp_initialize(Argument1, Argument2, HwInitializationData, HwContext, __builtin_return_address(0));

    DDI_LEAVE(StorPortInitialize, Argument1, status);
    return (ULONG)status;
}

/* ---- StorPortNotification ---- */

/* STN-003. */
static void undocumented(struct sp_adapter *a, SCSI_NOTIFICATION_TYPE type, const void *caller)
{
    sp_stop("DT-S16", a->extension, caller, "StorPortNotification has no documented type 0x%x", (unsigned)type);
}

static bool enable_passive(struct sp_adapter *a, PHW_PASSIVE_INITIALIZE_ROUTINE routine, const void *caller)
{
    if (!sp_inside(a, SP_CALL_INITIALIZE) || !routine) { /* STD-001 */
        sp_warn("DT-S13", a->extension, caller,
            "StorPortEnablePassiveInitialization is called outside HwStorInitialize: the routine is never run");
        return false;
    }
    a->passive_routine = routine;
    return true;
}

/* STN-060, STN-061. */
static void query_ticks(struct sp_adapter *a, PLARGE_INTEGER to, const void *caller)
{
    if (!to)
        sp_stop("DT-S16", a->extension, caller, "QueryTickCount is notified with a NULL destination");
    else
        to->QuadPart = (LONGLONG)ke_clock_ticks();
}

/* STN-040, STN-041: what is no path, also for want of the argument, means all. */
static void bus_change(struct sp_adapter *a, int path)
{
    sp_scan_request(a, path >= 0 && path < a->config->NumberOfBuses ? path : -1);
}

static void wmi_event(struct sp_adapter *a, va_list ap)
{
    const void *data = va_arg(ap, PVOID);
    ULONG       bytes = va_arg(ap, ULONG);
    UCHAR       path = (UCHAR)va_arg(ap, int);
    bool        adapter = path == 0xff; /* STN-081: the rest need not be there */
    UCHAR       target = adapter ? 0 : (UCHAR)va_arg(ap, int);
    UCHAR       lun = adapter ? 0 : (UCHAR)va_arg(ap, int);

    sp_wmi_event(a, data, bytes, path, target, lun);
}

/* What the inline routines of Microsoft's header make of themselves (STN-004). False: no such type. */
static bool inline_routine(struct sp_adapter *a, SCSI_NOTIFICATION_TYPE type, va_list ap, const void *caller)
{
    PVOID p = va_arg(ap, PVOID), q, r;

    switch ((unsigned)type) {
    case EnablePassiveInitialization:
        *va_arg(ap, PBOOLEAN) = enable_passive(a, (PHW_PASSIVE_INITIALIZE_ROUTINE)p, caller);
        return true;
    case InitializeDpc:
        sp_dpc_initialize(a, p, va_arg(ap, PHW_DPC_ROUTINE), caller);
        return true;
    case IssueDpc:
        q = va_arg(ap, PVOID);
        r = va_arg(ap, PVOID);
        *va_arg(ap, PBOOLEAN) = sp_dpc_issue(a, p, q, r, caller);
        return true;
    case AcquireSpinLock:
        q = va_arg(ap, PVOID);
        sp_spin_acquire(a, (STOR_SPINLOCK)(uintptr_t)p, q, va_arg(ap, PSTOR_LOCK_HANDLE), caller);
        return true;
    case ReleaseSpinLock:
        sp_spin_release(a, p, caller);
        return true;
    }
    return false;
}

/* The types that have to do with requests, timers and the bus. False: none of them. */
static bool request_type(struct sp_adapter *a, SCSI_NOTIFICATION_TYPE type, va_list ap, const void *caller)
{
    PHW_TIMER routine;
    uint64_t  duration;

    switch ((unsigned)type) {
    case RequestComplete:
        sp_complete(a, va_arg(ap, PVOID), caller);
        return true;
    case NextRequest: /* STN-020: the port does not wait to be asked */
    case NextLuRequest:
        return true;
    case ResetDetected:
        sp_reset_detected(a);
        return true;
    case RequestTimerCall:
        routine = va_arg(ap, PHW_TIMER);
        sp_timer_request(a, routine, va_arg(ap, ULONG), caller);
        return true;
    case BusChangeDetected:
        bus_change(a, va_arg(ap, int));
        return true;
    case IoTargetRequestServiceTime:
        duration = va_arg(ap, uint64_t);
        sp_service_time(a, duration, va_arg(ap, PVOID), caller);
        return true;
    }
    return false;
}

static void notify(struct sp_adapter *a, SCSI_NOTIFICATION_TYPE type, va_list ap, const void *caller)
{
    static const uint64_t none[4];

    switch ((unsigned)type) {
    case LinkUp:
        sp_link_up(a, caller);
        return;
    case LinkDown:
        sp_link_down(a, caller);
        return;
    case QueryTickCount:
        query_ticks(a, va_arg(ap, PLARGE_INTEGER), caller);
        return;
    case WMIEvent:
        wmi_event(a, ap);
        return;
    case WMIReregister:
        sp_wmi_reregister(a);
        return;
    case BufferOverrunDetected: /* STN-070 */
        ke_bugcheckf(NULL, 0xF7, none, "the miniport has detected that a buffer was overrun");
    case TraceNotification:
        return;
    }
    if (!request_type(a, type, ap, caller) &&
        (type < EnablePassiveInitialization || !inline_routine(a, type, ap, caller)))
        undocumented(a, type, caller);
}

STORPORTAPI VOID StorPortNotification(SCSI_NOTIFICATION_TYPE NotificationType, PVOID HwDeviceExtension, ...)
{
    const void *caller = __builtin_return_address(0);
    va_list     ap;

    DDI_ENTER(StorPortNotification, HwDeviceExtension);
    struct sp_adapter *a = sp_adapter_of(HwDeviceExtension, "StorPortNotification", caller);

    va_start(ap, HwDeviceExtension);
    if (a) {
        ev(EV_STOR_ADAPTER, HwDeviceExtension, EV_STOR_NOTIFY, NotificationType, 0);
        notify(a, NotificationType, ap, caller);
    }
    va_end(ap);
    DDI_LEAVE(StorPortNotification, HwDeviceExtension, 0);
}

/* ---- synchronisation ---- */

STORPORTAPI BOOLEAN StorPortSynchronizeAccess(
    PVOID HwDeviceExtension, PSTOR_SYNCHRONIZED_ACCESS SynchronizedAccessRoutine, PVOID Context)
{
    STOR_ENTER(StorPortSynchronizeAccess, HwDeviceExtension);
    BOOLEAN result = a && sp_synchronize(a, SynchronizedAccessRoutine, Context, __builtin_return_address(0));

    STOR_LEAVE(StorPortSynchronizeAccess, HwDeviceExtension, result);
}

STORPORTAPI VOID StorPortAcquireSpinLock(
    PVOID DeviceExtension, STOR_SPINLOCK SpinLock, PVOID LockContext, PSTOR_LOCK_HANDLE LockHandle)
{
    const void *caller = __builtin_return_address(0);

    STOR_ENTER(StorPortAcquireSpinLock, DeviceExtension);
    if (SpinLock > InterruptLock || SpinLock < DpcLock) /* STL-034 */
        sp_stop("DT-S06", LockHandle, caller, "StorPortAcquireSpinLock does not know lock %u", (unsigned)SpinLock);
    else if (a)
        sp_spin_acquire(a, SpinLock, LockContext, LockHandle, caller);
    DDI_LEAVE(StorPortAcquireSpinLock, DeviceExtension, 0);
}

STORPORTAPI VOID StorPortReleaseSpinLock(PVOID DeviceExtension, PSTOR_LOCK_HANDLE LockHandle)
{
    STOR_ENTER(StorPortReleaseSpinLock, DeviceExtension);
    if (a)
        sp_spin_release(a, LockHandle, __builtin_return_address(0));
    DDI_LEAVE(StorPortReleaseSpinLock, DeviceExtension, 0);
}

/* ---- passive initialisation, DPCs ---- */

STORPORTAPI BOOLEAN StorPortEnablePassiveInitialization(
    PVOID DeviceExtension, PHW_PASSIVE_INITIALIZE_ROUTINE HwPassiveInitializeRoutine)
{
    STOR_ENTER(StorPortEnablePassiveInitialization, DeviceExtension);
    BOOLEAN done = a && enable_passive(a, HwPassiveInitializeRoutine, __builtin_return_address(0));

    STOR_LEAVE(StorPortEnablePassiveInitialization, DeviceExtension, done);
}

STORPORTAPI VOID StorPortInitializeDpc(PVOID DeviceExtension, PSTOR_DPC Dpc, PHW_DPC_ROUTINE HwDpcRoutine)
{
    STOR_ENTER(StorPortInitializeDpc, DeviceExtension);
    if (a)
        sp_dpc_initialize(a, Dpc, HwDpcRoutine, __builtin_return_address(0));
    DDI_LEAVE(StorPortInitializeDpc, DeviceExtension, 0);
}

STORPORTAPI BOOLEAN StorPortIssueDpc(PVOID DeviceExtension, PSTOR_DPC Dpc, PVOID SystemArgument1, PVOID SystemArgument2)
{
    STOR_ENTER(StorPortIssueDpc, DeviceExtension);
    BOOLEAN inserted = a && sp_dpc_issue(a, Dpc, SystemArgument1, SystemArgument2, __builtin_return_address(0));

    STOR_LEAVE(StorPortIssueDpc, DeviceExtension, inserted);
}
