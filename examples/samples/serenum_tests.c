/* SPDX-License-Identifier: MIT */
/*
 * Tests of serial/serenum of microsoft/Windows-driver-samples, unmodified: a bus driver on top of a serial port, which is ours and has
 * nothing plugged in. The test plays the PnP manager. Built and run by tests/tool/test_samples.sh.
 */
#include <duetime/test.h>

#include <ntddk.h>

extern DRIVER_INITIALIZE DriverEntry;

/* ---- the serial port ---- */

struct port {
    LONG opened, closed, controls, reads;
};

static struct port *port_of(PDEVICE_OBJECT device)
{
    return device->DeviceExtension;
}

static NTSTATUS complete(PIRP irp, NTSTATUS status)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

/* Lines are down: no data set ready, nothing to read. */
static NTSTATUS port_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION at = IoGetCurrentIrpStackLocation(irp);

    switch (at->MajorFunction) {
    case IRP_MJ_CREATE:
        InterlockedIncrement(&port_of(device)->opened);
        break;
    case IRP_MJ_CLOSE:
        InterlockedIncrement(&port_of(device)->closed);
        break;
    case IRP_MJ_DEVICE_CONTROL:
    case IRP_MJ_INTERNAL_DEVICE_CONTROL:
        InterlockedIncrement(&port_of(device)->controls);
        if (at->Parameters.DeviceIoControl.OutputBufferLength && irp->AssociatedIrp.SystemBuffer)
            RtlZeroMemory(irp->AssociatedIrp.SystemBuffer, at->Parameters.DeviceIoControl.OutputBufferLength);
        break;
    case IRP_MJ_READ:
        InterlockedIncrement(&port_of(device)->reads);
        return complete(irp, STATUS_TIMEOUT);
    default:
        break;
    }
    return complete(irp, STATUS_SUCCESS);
}

static VOID port_unload(PDRIVER_OBJECT driver)
{
    IoDeleteDevice(driver->DeviceObject);
}

static NTSTATUS port_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    PDEVICE_OBJECT device;
    NTSTATUS status = IoCreateDevice(driver, sizeof(struct port), NULL, FILE_DEVICE_SERIAL_PORT, 0, FALSE, &device);

    (void)path;
    for (unsigned i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        driver->MajorFunction[i] = port_dispatch;
    driver->DriverUnload = port_unload;
    if (NT_SUCCESS(status)) {
        device->Flags |= DO_BUFFERED_IO;
        device->Flags &= ~DO_DEVICE_INITIALIZING;
    }
    return status;
}

/* ---- the PnP manager ---- */

static NTSTATUS on_completed(PDEVICE_OBJECT device, PIRP irp, PVOID event)
{
    (void)device, (void)irp;
    KeSetEvent(event, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS pnp(PDEVICE_OBJECT pdo, UCHAR minor, DEVICE_RELATION_TYPE relations, ULONG_PTR *information)
{
    PDEVICE_OBJECT top = IoGetAttachedDeviceReference(pdo);
    PIRP           irp = IoAllocateIrp(top->StackSize, FALSE);
    KEVENT         event;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);

    next->MajorFunction = IRP_MJ_PNP;
    next->MinorFunction = minor;
    next->Parameters.QueryDeviceRelations.Type = relations;
    IoSetCompletionRoutine(irp, on_completed, &event, TRUE, TRUE, TRUE);
    IoCallDriver(top, irp);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    NTSTATUS status = irp->IoStatus.Status;

    if (information)
        *information = irp->IoStatus.Information;
    IoFreeIrp(irp);
    ObDereferenceObject(top);
    return status;
}

static unsigned children(PDEVICE_OBJECT pdo)
{
    ULONG_PTR information = 0;

    dt_expect_eq(pnp(pdo, IRP_MN_QUERY_DEVICE_RELATIONS, BusRelations, &information), STATUS_SUCCESS);
    PDEVICE_RELATIONS relations = (PDEVICE_RELATIONS)information;
    unsigned          count = relations ? relations->Count : 0;

    if (relations)
        ExFreePool(relations);
    return count;
}

struct fixture {
    dt_driver     *port, *serenum;
    PDEVICE_OBJECT pdo;
};

static struct fixture set_up(void)
{
    struct fixture f = {.port = dt_driver_load(port_entry), .serenum = dt_driver_load(DriverEntry)};

    f.pdo = f.port->DeviceObject;
    dt_expect_eq(f.serenum->DriverExtension->AddDevice(f.serenum, f.pdo), STATUS_SUCCESS);
    return f;
}

DT_TEST(starts, .processors = 2, .strategy = "dfs:1")
{
    struct fixture f = set_up();

    dt_expect_eq(pnp(f.pdo, IRP_MN_START_DEVICE, BusRelations, NULL), STATUS_SUCCESS);
}

/* The port is opened, asked what is plugged in, and closed again. Nothing is. */
DT_TEST(finds_nothing_plugged_in, .processors = 2, .strategy = "dfs:0")
{
    struct fixture f = set_up();
    struct port   *port = port_of(f.pdo);

    dt_expect_eq(pnp(f.pdo, IRP_MN_START_DEVICE, BusRelations, NULL), STATUS_SUCCESS);
    dt_expect_eq(children(f.pdo), 0);
    dt_run_for(DT_MS(5000));
    dt_expect_eq(children(f.pdo), 0);
    dt_expect(port->controls > 0);
    dt_expect_eq(port->opened, port->closed);
}

/* A finding: IRP_MN_REMOVE_DEVICE frees the interface's name with ExFreePoolWithTag and again with RtlFreeUnicodeString. */
DT_TEST(removal_frees_twice, .processors = 2, .strategy = "dfs:0")
{
    struct fixture f = set_up();

    pnp(f.pdo, IRP_MN_REMOVE_DEVICE, BusRelations, NULL);
}
