/* SPDX-License-Identifier: MIT */
/* tests/io/driver.h - a driver made of function pointers, so that each test says only what it is about. */
#pragma once

#include "../machine.h"

#define IOCTL_TEST CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)

/* The driver under test: reset by load(). */
static struct {
    PDRIVER_DISPATCH control, read; /* NULL: completes with success */
    PDRIVER_STARTIO  start_io;
    void (*before_unload)(PDEVICE_OBJECT device);
    ULONG          device_flags;
    PDEVICE_OBJECT device; /* its only one */
    LONG           creates, cleanups, closes;
} drv;

static inline NTSTATUS complete(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static inline NTSTATUS drv_file(PDEVICE_OBJECT device, PIRP irp)
{
    UCHAR major = IoGetCurrentIrpStackLocation(irp)->MajorFunction;

    (void)device;
    InterlockedIncrement(major == IRP_MJ_CREATE ? &drv.creates : major == IRP_MJ_CLEANUP ? &drv.cleanups : &drv.closes);
    return complete(irp, STATUS_SUCCESS, 0);
}

static inline NTSTATUS drv_control(PDEVICE_OBJECT device, PIRP irp)
{
    return drv.control ? drv.control(device, irp) : complete(irp, STATUS_SUCCESS, 0);
}

static inline NTSTATUS drv_read(PDEVICE_OBJECT device, PIRP irp)
{
    return drv.read ? drv.read(device, irp) : complete(irp, STATUS_SUCCESS, 0);
}

static inline UNICODE_STRING drv_name(const WCHAR *text)
{
    UNICODE_STRING s;

    RtlInitUnicodeString(&s, text);
    return s;
}

static inline VOID drv_unload(PDRIVER_OBJECT driver)
{
    UNICODE_STRING link = drv_name(L"\\DosDevices\\Test");

    if (drv.before_unload)
        drv.before_unload(driver->DeviceObject);
    IoDeleteSymbolicLink(&link);
    if (driver->DeviceObject)
        IoDeleteDevice(driver->DeviceObject);
}

static inline NTSTATUS drv_entry(PDRIVER_OBJECT driver, PUNICODE_STRING registry)
{
    UNICODE_STRING name = drv_name(L"\\Device\\Test"), link = drv_name(L"\\DosDevices\\Test");

    (void)registry;
    NTSTATUS status =
        IoCreateDevice(driver, 64, &name, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN, FALSE, &drv.device);

    if (!NT_SUCCESS(status))
        return status;
    IoCreateSymbolicLink(&link, &name);
    drv.device->Flags |= drv.device_flags;
    driver->MajorFunction[IRP_MJ_CREATE] = driver->MajorFunction[IRP_MJ_CLEANUP] = driver->MajorFunction[IRP_MJ_CLOSE] =
        drv_file;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = drv_control;
    driver->MajorFunction[IRP_MJ_READ] = drv_read;
    driver->DriverStartIo = drv.start_io;
    driver->DriverUnload = drv_unload;
    return STATUS_SUCCESS;
}

/* The fields a test sets come after this. */
static inline void drv_reset(void)
{
    memset(&drv, 0, sizeof drv);
}

static inline dt_driver *drv_load(void)
{
    dt_driver *driver = dt_driver_load((dt_driver_entry *)drv_entry);

    dt_expect(driver != NULL);
    return driver;
}

static inline dt_file *drv_open(void)
{
    dt_file *file = dt_open("Test", NULL);

    dt_expect(file != NULL);
    return file;
}

static inline void drv_close(dt_driver *driver, dt_file *file)
{
    dt_close(file);
    dt_expect_eq(dt_driver_unload(driver), STATUS_SUCCESS);
}
