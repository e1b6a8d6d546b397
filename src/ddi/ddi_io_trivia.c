/* SPDX-License-Identifier: MIT */
/* ddi/ddi_io_trivia.c - small questions about devices, requests and the system that has no hardware of its own. */
#include "ddi/ddi.h"
#include "io/priv.h"

/* ---- devices ---- */

/* Referenced; NULL at the bottom of a stack. */
static PDEVICE_OBJECT lower_of(PDEVICE_OBJECT device)
{
    unsigned       irql = io_lock();
    PDEVICE_OBJECT below = io_device_of(device)->nt.AttachedTo;

    if (below)
        ob_reference(below);
    io_unlock(irql);
    return below;
}

NTKERNELAPI PDEVICE_OBJECT NTAPI IoGetLowerDeviceObject(PDEVICE_OBJECT DeviceObject)
{
    DDI_ENTER(IoGetLowerDeviceObject, DeviceObject);
    PDEVICE_OBJECT below = lower_of(DeviceObject);

    DDI_LEAVE(IoGetLowerDeviceObject, DeviceObject, (uintptr_t)below);
    return below;
}

NTKERNELAPI PDEVICE_OBJECT NTAPI IoGetDeviceAttachmentBaseRef(PDEVICE_OBJECT DeviceObject)
{
    DDI_ENTER(IoGetDeviceAttachmentBaseRef, DeviceObject);
    unsigned       irql = io_lock();
    PDEVICE_OBJECT base = DeviceObject;

    while (io_device_of(base)->nt.AttachedTo) /* down to the last */
        base = io_device_of(base)->nt.AttachedTo;
    ob_reference(base);
    io_unlock(irql);
    DDI_LEAVE(IoGetDeviceAttachmentBaseRef, DeviceObject, (uintptr_t)base);
    return base;
}

/* All that fit are referenced; all are counted. */
NTKERNELAPI NTSTATUS NTAPI IoEnumerateDeviceObjectList(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT *DeviceObjectList,
    ULONG DeviceObjectListSize, PULONG ActualNumberDeviceObjects)
{
    ULONG room = DeviceObjectListSize / (ULONG)sizeof(PDEVICE_OBJECT), n = 0;

    DDI_ENTER(IoEnumerateDeviceObjectList, DriverObject);
    unsigned irql = io_lock();

    for (PDEVICE_OBJECT d = DriverObject->DeviceObject; d; d = d->NextDevice, n++) {
        if (n >= room)
            continue;
        ob_reference(d);
        DeviceObjectList[n] = d;
    }
    io_unlock(irql);
    *ActualNumberDeviceObjects = n;
    NTSTATUS status = n > room ? STATUS_BUFFER_TOO_SMALL : STATUS_SUCCESS;

    DDI_LEAVE(IoEnumerateDeviceObjectList, DriverObject, status);
    return status;
}

NTKERNELAPI VOID NTAPI IoSetHardErrorOrVerifyDevice(PIRP Irp, PDEVICE_OBJECT DeviceObject)
{
    DDI_ENTER_QUIET(IoSetHardErrorOrVerifyDevice, Irp);
    (void)DeviceObject; /* kept for the file systems' benefit, of which there are none */
}

/* Nobody reads what drivers count here; it begins with a system without devices. */
NTKERNELAPI PCONFIGURATION_INFORMATION NTAPI IoGetConfigurationInformation(VOID)
{
    static CONFIGURATION_INFORMATION none = {.Version = sizeof(CONFIGURATION_INFORMATION)};

    DDI_ENTER_QUIET(IoGetConfigurationInformation, NULL);
    return &none;
}

/* ---- requests ---- */

enum { PRIORITY_SHIFT = 17, PRIORITY_MASK = 7 << PRIORITY_SHIFT };

/* The hint is kept in the request's flags, one more than it is: 0 is a request without one. */
NTKERNELAPI IO_PRIORITY_HINT NTAPI IoGetIoPriorityHint(PIRP Irp)
{
    ULONG kept = (Irp->Flags & PRIORITY_MASK) >> PRIORITY_SHIFT;

    return kept ? (IO_PRIORITY_HINT)(kept - 1) : IoPriorityNormal;
}

NTKERNELAPI NTSTATUS NTAPI IoSetIoPriorityHint(PIRP Irp, IO_PRIORITY_HINT PriorityHint)
{
    if ((unsigned)PriorityHint >= MaxIoPriorityTypes)
        return STATUS_INVALID_PARAMETER;
    Irp->Flags = (Irp->Flags & ~(ULONG)PRIORITY_MASK) | ((ULONG)PriorityHint + 1) << PRIORITY_SHIFT;
    return STATUS_SUCCESS;
}

/* What IOCTL codes ask for was checked when the handle was opened; here every handle may all. */
NTKERNELAPI NTSTATUS NTAPI IoValidateDeviceIoControlAccess(PIRP Irp, ULONG RequiredAccess)
{
    DDI_ENTER_QUIET(IoValidateDeviceIoControlAccess, Irp);
    return RequiredAccess & ~(ULONG)(FILE_READ_ACCESS | FILE_WRITE_ACCESS) ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
}

/* ---- the system ---- */

/* WDM 6.0 and what was before it. */
NTKERNELAPI BOOLEAN NTAPI IoIsWdmVersionAvailable(UCHAR MajorVersion, UCHAR MinorVersion)
{
    DDI_ENTER_QUIET(IoIsWdmVersionAvailable, NULL);
    return MajorVersion < 6 || (MajorVersion == 6 && MinorVersion == 0);
}

NTKERNELAPI BOOLEAN NTAPI ExIsProcessorFeaturePresent(ULONG ProcessorFeature)
{
    DDI_ENTER_QUIET(ExIsProcessorFeaturePresent, NULL);
    switch (ProcessorFeature) { /* what every x64 processor of Windows has */
    case PF_COMPARE_EXCHANGE_DOUBLE:
    case PF_MMX_INSTRUCTIONS_AVAILABLE:
    case PF_XMMI_INSTRUCTIONS_AVAILABLE:
    case PF_RDTSC_INSTRUCTION_AVAILABLE:
    case PF_PAE_ENABLED:
    case PF_XMMI64_INSTRUCTIONS_AVAILABLE:
    case PF_NX_ENABLED:
    case PF_COMPARE_EXCHANGE128:
        return TRUE;
    default:
        return FALSE;
    }
}
