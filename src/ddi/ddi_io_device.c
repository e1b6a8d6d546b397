/* SPDX-License-Identifier: MIT */
/* ddi/ddi_io_device.c - drivers, devices and names as drivers see them. */
#include "ddi/ddi.h"
#include "io/priv.h"
#include <wdmsec.h>

static POBJECT_TYPE     file_type = &ob_type_file, device_type = &ob_type_device, driver_type = &ob_type_driver;
DT_EXPORT POBJECT_TYPE *IoFileObjectType = &file_type;
DT_EXPORT POBJECT_TYPE *IoDeviceObjectType = &device_type;
DT_EXPORT POBJECT_TYPE *IoDriverObjectType = &driver_type;

NTKERNELAPI NTSTATUS NTAPI IoCreateDevice(PDRIVER_OBJECT DriverObject, ULONG DeviceExtensionSize,
    PUNICODE_STRING DeviceName, DEVICE_TYPE DeviceType, ULONG DeviceCharacteristics, BOOLEAN Exclusive,
    PDEVICE_OBJECT *DeviceObject)
{
    struct io_device_config cfg = {
        DriverObject, DeviceExtensionSize, DeviceName, DeviceType, DeviceCharacteristics, Exclusive};

    DDI_ENTER(IoCreateDevice, DriverObject);
    *DeviceObject = NULL;
    NTSTATUS status = io_device_create(&cfg, DeviceObject);

    DDI_LEAVE(IoCreateDevice, DriverObject, status);
    return status;
}

/* Who may open the device is not checked: there are no users here. */
NTKERNELAPI NTSTATUS NTAPI WdmlibIoCreateDeviceSecure(PDRIVER_OBJECT DriverObject, ULONG DeviceExtensionSize,
    PUNICODE_STRING DeviceName, DEVICE_TYPE DeviceType, ULONG DeviceCharacteristics, BOOLEAN Exclusive,
    PCUNICODE_STRING DefaultSDDLString, LPCGUID DeviceClassGuid, PDEVICE_OBJECT *DeviceObject)
{
    struct io_device_config cfg = {
        DriverObject, DeviceExtensionSize, DeviceName, DeviceType, DeviceCharacteristics, Exclusive};

    DDI_ENTER(WdmlibIoCreateDeviceSecure, DriverObject);
    (void)DefaultSDDLString, (void)DeviceClassGuid;
    *DeviceObject = NULL;
    NTSTATUS status = io_device_create(&cfg, DeviceObject);

    DDI_LEAVE(WdmlibIoCreateDeviceSecure, DriverObject, status);
    return status;
}

NTKERNELAPI VOID NTAPI IoDeleteDevice(PDEVICE_OBJECT DeviceObject)
{
    DDI_ENTER(IoDeleteDevice, DeviceObject);
    io_device_delete(DeviceObject);
    DDI_LEAVE(IoDeleteDevice, DeviceObject, 0);
}

NTKERNELAPI NTSTATUS NTAPI IoCreateSymbolicLink(PUNICODE_STRING SymbolicLinkName, PUNICODE_STRING DeviceName)
{
    DDI_ENTER(IoCreateSymbolicLink, SymbolicLinkName);
    NTSTATUS status = io_link_add(SymbolicLinkName, DeviceName);

    DDI_LEAVE(IoCreateSymbolicLink, SymbolicLinkName, status);
    return status;
}

NTKERNELAPI NTSTATUS NTAPI IoCreateUnprotectedSymbolicLink(PUNICODE_STRING SymbolicLinkName, PUNICODE_STRING DeviceName)
{
    DDI_ENTER(IoCreateUnprotectedSymbolicLink, SymbolicLinkName);
    NTSTATUS status = io_link_add(SymbolicLinkName, DeviceName);

    DDI_LEAVE(IoCreateUnprotectedSymbolicLink, SymbolicLinkName, status);
    return status;
}

NTKERNELAPI NTSTATUS NTAPI IoDeleteSymbolicLink(PUNICODE_STRING SymbolicLinkName)
{
    DDI_ENTER(IoDeleteSymbolicLink, SymbolicLinkName);
    NTSTATUS status = io_link_remove(SymbolicLinkName);

    DDI_LEAVE(IoDeleteSymbolicLink, SymbolicLinkName, status);
    return status;
}

NTKERNELAPI NTSTATUS NTAPI IoGetDeviceObjectPointer(
    PUNICODE_STRING ObjectName, ACCESS_MASK DesiredAccess, PFILE_OBJECT *FileObject, PDEVICE_OBJECT *DeviceObject)
{
    PDEVICE_OBJECT device;
    UNICODE_STRING rest;

    DDI_ENTER(IoGetDeviceObjectPointer, ObjectName);
    NTSTATUS status = io_name_find(ObjectName, &device, &rest);

    if (NT_SUCCESS(status)) {
        status = io_file_open(device, &rest, DesiredAccess, FileObject);
        if (NT_SUCCESS(status))
            *DeviceObject = io_device_top(device);
        ob_dereference(device);
    }
    DDI_LEAVE(IoGetDeviceObjectPointer, ObjectName, status);
    return status;
}

/* ---- stacks ---- */

NTKERNELAPI PDEVICE_OBJECT NTAPI IoAttachDeviceToDeviceStack(PDEVICE_OBJECT SourceDevice, PDEVICE_OBJECT TargetDevice)
{
    DDI_ENTER(IoAttachDeviceToDeviceStack, SourceDevice);
    PDEVICE_OBJECT below = io_device_attach(SourceDevice, TargetDevice);

    DDI_LEAVE(IoAttachDeviceToDeviceStack, SourceDevice, (uintptr_t)below);
    return below;
}

NTKERNELAPI NTSTATUS NTAPI IoAttachDeviceToDeviceStackSafe(
    PDEVICE_OBJECT SourceDevice, PDEVICE_OBJECT TargetDevice, PDEVICE_OBJECT *AttachedToDeviceObject)
{
    DDI_ENTER(IoAttachDeviceToDeviceStackSafe, SourceDevice);
    *AttachedToDeviceObject = io_device_attach(SourceDevice, TargetDevice);
    NTSTATUS status = *AttachedToDeviceObject ? STATUS_SUCCESS : STATUS_NO_SUCH_DEVICE;

    DDI_LEAVE(IoAttachDeviceToDeviceStackSafe, SourceDevice, status);
    return status;
}

static NTSTATUS attach_by_name(PDEVICE_OBJECT source, PUNICODE_STRING name, PDEVICE_OBJECT *below)
{
    PDEVICE_OBJECT target;
    UNICODE_STRING rest;
    NTSTATUS       status = io_name_find(name, &target, &rest);

    if (!NT_SUCCESS(status))
        return status;
    *below = io_device_attach(source, target);
    ob_dereference(target);
    return *below ? STATUS_SUCCESS : STATUS_NO_SUCH_DEVICE;
}

NTKERNELAPI NTSTATUS NTAPI IoAttachDevice(
    PDEVICE_OBJECT SourceDevice, PUNICODE_STRING TargetDevice, PDEVICE_OBJECT *AttachedDevice)
{
    DDI_ENTER(IoAttachDevice, SourceDevice);
    *AttachedDevice = NULL;
    NTSTATUS status = attach_by_name(SourceDevice, TargetDevice, AttachedDevice);

    DDI_LEAVE(IoAttachDevice, SourceDevice, status);
    return status;
}

NTKERNELAPI VOID NTAPI IoDetachDevice(PDEVICE_OBJECT TargetDevice)
{
    DDI_ENTER(IoDetachDevice, TargetDevice);
    io_device_detach(TargetDevice);
    DDI_LEAVE(IoDetachDevice, TargetDevice, 0);
}

NTKERNELAPI PDEVICE_OBJECT NTAPI IoGetAttachedDevice(PDEVICE_OBJECT DeviceObject)
{
    DDI_ENTER(IoGetAttachedDevice, DeviceObject);
    PDEVICE_OBJECT top = io_device_top(DeviceObject);

    DDI_LEAVE(IoGetAttachedDevice, DeviceObject, (uintptr_t)top);
    return top;
}

NTKERNELAPI PDEVICE_OBJECT NTAPI IoGetAttachedDeviceReference(PDEVICE_OBJECT DeviceObject)
{
    DDI_ENTER(IoGetAttachedDeviceReference, DeviceObject);
    PDEVICE_OBJECT top = io_device_top(DeviceObject);

    ob_reference(top);
    DDI_LEAVE(IoGetAttachedDeviceReference, DeviceObject, (uintptr_t)top);
    return top;
}

NTKERNELAPI PDEVICE_OBJECT NTAPI IoGetRelatedDeviceObject(PFILE_OBJECT FileObject)
{
    DDI_ENTER(IoGetRelatedDeviceObject, FileObject);
    PDEVICE_OBJECT top = io_device_top(FileObject->DeviceObject);

    DDI_LEAVE(IoGetRelatedDeviceObject, FileObject, (uintptr_t)top);
    return top;
}

/* ---- driver object extensions ---- */

NTKERNELAPI NTSTATUS NTAPI(IoAllocateDriverObjectExtension)(PDRIVER_OBJECT DriverObject,
    PVOID ClientIdentificationAddress, ULONG DriverObjectExtensionSize, PVOID *DriverObjectExtension)
{
    NTSTATUS status;

    DDI_ENTER(IoAllocateDriverObjectExtension, DriverObject);
    *DriverObjectExtension =
        io_driver_extension_add(DriverObject, ClientIdentificationAddress, DriverObjectExtensionSize, &status);
    DDI_LEAVE(IoAllocateDriverObjectExtension, DriverObject, status);
    return status;
}

NTKERNELAPI PVOID NTAPI IoGetDriverObjectExtension(PDRIVER_OBJECT DriverObject, PVOID ClientIdentificationAddress)
{
    DDI_ENTER(IoGetDriverObjectExtension, DriverObject);
    void *p = io_driver_extension_find(DriverObject, ClientIdentificationAddress);

    DDI_LEAVE(IoGetDriverObjectExtension, DriverObject, (uintptr_t)p);
    return p;
}
