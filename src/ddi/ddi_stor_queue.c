/* SPDX-License-Identifier: MIT */
/* ddi/ddi_stor_queue.c - StorPort's routines about queues: busy, pause, depths, completion of many, resets. */
#include "ddi/ddi_stor.h"

#define CALLER __builtin_return_address(0)

STORPORTAPI BOOLEAN StorPortSetDeviceQueueDepth(
    PVOID HwDeviceExtension, UCHAR PathId, UCHAR TargetId, UCHAR Lun, ULONG Depth)
{
    STOR_ENTER(StorPortSetDeviceQueueDepth, HwDeviceExtension);
    BOOLEAN done = a && sp_queue_depth_set(a, PathId, TargetId, Lun, Depth, CALLER);

    STOR_LEAVE(StorPortSetDeviceQueueDepth, HwDeviceExtension, done);
}

STORPORTAPI BOOLEAN StorPortPauseDevice(PVOID HwDeviceExtension, UCHAR PathId, UCHAR TargetId, UCHAR Lun, ULONG TimeOut)
{
    STOR_ENTER(StorPortPauseDevice, HwDeviceExtension);
    BOOLEAN done = a && sp_pause_device(a, PathId, TargetId, Lun, TimeOut);

    STOR_LEAVE(StorPortPauseDevice, HwDeviceExtension, done);
}

STORPORTAPI BOOLEAN StorPortResumeDevice(PVOID HwDeviceExtension, UCHAR PathId, UCHAR TargetId, UCHAR Lun)
{
    STOR_ENTER(StorPortResumeDevice, HwDeviceExtension);
    BOOLEAN done = a && sp_resume_device(a, PathId, TargetId, Lun);

    STOR_LEAVE(StorPortResumeDevice, HwDeviceExtension, done);
}

STORPORTAPI BOOLEAN StorPortPause(PVOID HwDeviceExtension, ULONG TimeOut)
{
    STOR_ENTER(StorPortPause, HwDeviceExtension);
    BOOLEAN done = a && sp_pause(a, TimeOut);

    STOR_LEAVE(StorPortPause, HwDeviceExtension, done);
}

STORPORTAPI BOOLEAN StorPortResume(PVOID HwDeviceExtension)
{
    STOR_ENTER(StorPortResume, HwDeviceExtension);
    BOOLEAN done = a && sp_resume(a);

    STOR_LEAVE(StorPortResume, HwDeviceExtension, done);
}

STORPORTAPI BOOLEAN StorPortDeviceBusy(
    PVOID HwDeviceExtension, UCHAR PathId, UCHAR TargetId, UCHAR Lun, ULONG RequestsToComplete)
{
    STOR_ENTER(StorPortDeviceBusy, HwDeviceExtension);
    BOOLEAN done = a && sp_device_busy(a, PathId, TargetId, Lun, RequestsToComplete, CALLER);

    STOR_LEAVE(StorPortDeviceBusy, HwDeviceExtension, done);
}

STORPORTAPI BOOLEAN StorPortDeviceReady(PVOID HwDeviceExtension, UCHAR PathId, UCHAR TargetId, UCHAR Lun)
{
    STOR_ENTER(StorPortDeviceReady, HwDeviceExtension);
    BOOLEAN done = a && sp_device_ready(a, PathId, TargetId, Lun);

    STOR_LEAVE(StorPortDeviceReady, HwDeviceExtension, done);
}

STORPORTAPI BOOLEAN StorPortBusy(PVOID HwDeviceExtension, ULONG RequestsToComplete)
{
    STOR_ENTER(StorPortBusy, HwDeviceExtension);
    BOOLEAN done = a && sp_busy(a, RequestsToComplete);

    STOR_LEAVE(StorPortBusy, HwDeviceExtension, done);
}

STORPORTAPI BOOLEAN StorPortReady(PVOID HwDeviceExtension)
{
    STOR_ENTER(StorPortReady, HwDeviceExtension);
    BOOLEAN done = a && sp_ready(a);

    STOR_LEAVE(StorPortReady, HwDeviceExtension, done);
}

/* ---- many at once ---- */

/* STQ-091, STQ-092: Microsoft's rule forbids it; a virtual miniport that does it all the same is left alone. */
STORPORTAPI VOID StorPortCompleteRequest(
    PVOID HwDeviceExtension, UCHAR PathId, UCHAR TargetId, UCHAR Lun, UCHAR SrbStatus)
{
    STOR_ENTER(StorPortCompleteRequest, HwDeviceExtension);
    if (a && !a->is_virtual && !a->half_duplex && Lun == SP_UNTAGGED)
        sp_stop("DT-S16", HwDeviceExtension, CALLER,
            "StorPortCompleteRequest is called for all logical units by a full-duplex miniport");
    if (a && !a->is_virtual)
        sp_warn("DT-S16", HwDeviceExtension, CALLER,
            "StorPortCompleteRequest completes many requests at once: each must be completed by RequestComplete");
    if (a)
        sp_complete_matching(a, PathId, TargetId, Lun, SrbStatus, CALLER);
    DDI_LEAVE(StorPortCompleteRequest, HwDeviceExtension, 0);
}

/* STQ-093. */
STORPORTAPI VOID StorPortCompleteAllRequests(
    PVOID HwDeviceExtension, UCHAR PathId, UCHAR TargetId, UCHAR Lun, UCHAR SrbStatus)
{
    STOR_ENTER(StorPortCompleteAllRequests, HwDeviceExtension);
    if (a && (sp_inside(a, SP_CALL_INTERRUPT) || sp_inside(a, SP_CALL_MESSAGE)))
        sp_stop("DT-S12", HwDeviceExtension, CALLER, "StorPortCompleteAllRequests is called by an interrupt routine");
    if (a)
        sp_complete_matching(a, PathId, TargetId, Lun, SrbStatus, CALLER);
    DDI_LEAVE(StorPortCompleteAllRequests, HwDeviceExtension, 0);
}

/* ---- the adapter ---- */

STORPORTAPI ULONG StorPortUpdateAdapterMaxIO(PVOID HwDeviceExtension, ULONG MaxIoCount)
{
    STOR_ENTER_CHECKED(StorPortUpdateAdapterMaxIO, HwDeviceExtension);
    ULONG status = a ? sp_max_io_update(a, MaxIoCount) : STOR_STATUS_INVALID_PARAMETER;

    STOR_LEAVE(StorPortUpdateAdapterMaxIO, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortHardwareReset(PVOID HwDeviceExtension, STOR_DEVICE_RESET_TYPE Type)
{
    DDI_ENTER(StorPortHardwareReset, HwDeviceExtension);
    struct sp_adapter *a = sp_adapter_find(HwDeviceExtension); /* a bad one is answered (STQ-094) */
    ULONG              status = a ? sp_hardware_reset(a, Type) : STOR_STATUS_INVALID_PARAMETER;

    STOR_LEAVE(StorPortHardwareReset, HwDeviceExtension, status);
}
