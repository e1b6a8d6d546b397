/* SPDX-License-Identifier: MIT */
/*
 * sp/driver.c - StorPortInitialize, and the dispatch routines that the port puts into the miniport's driver object.
 *
 * A virtual miniport may put its own in front of them and call ours (STV-027), so plug and play goes through the table.
 */
#include <string.h>

#include "sp/priv.h"

static const char driver_key; /* its address is the id of our extension of a driver object */

enum {
    OLD_BYTES = FIELD_OFFSET(HW_INITIALIZATION_DATA, HwFreeAdapterResources),
    VIRTUAL_BYTES = sizeof(VIRTUAL_HW_INITIALIZATION_DATA),
};

/* What a device extension of ours holds. */
struct fdo {
    struct sp_adapter *a;
};

struct sp_driver *sp_driver_of(PDRIVER_OBJECT driver)
{
    return io_driver_extension_find(driver, (void *)&driver_key);
}

struct sp_adapter *sp_adapter_of_fdo(PDEVICE_OBJECT fdo)
{
    return ((struct fdo *)fdo->DeviceExtension)->a;
}

/* ---- StorPortInitialize ---- */

/* STI-004. */
static bool known_size(ULONG bytes)
{
    return bytes == sizeof(HW_INITIALIZATION_DATA) || bytes == VIRTUAL_BYTES || bytes == OLD_BYTES;
}

static void adopt(struct sp_driver *d, const HW_INITIALIZATION_DATA *hw)
{
    memset(&d->hw, 0, sizeof d->hw);
    memcpy(&d->hw, hw, hw->HwInitializationDataSize);
    d->old_layout = hw->HwInitializationDataSize != sizeof *hw;
    d->virtual_miniport = hw->HwInitializationDataSize == VIRTUAL_BYTES ||
                          (!d->old_layout && d->hw.FeatureSupport & STOR_FEATURE_VIRTUAL_MINIPORT);
}

static const char *missing_routine(const struct sp_driver *d)
{
    const HW_INITIALIZATION_DATA *hw = &d->hw;

    if (!hw->HwInitialize)
        return "HwInitialize";
    if (!hw->HwStartIo)
        return "HwStartIo";
    if (!d->virtual_miniport && !hw->HwInterrupt)
        return "HwInterrupt";
    if (!hw->HwFindAdapter)
        return "HwFindAdapter";
    if (!hw->HwResetBus)
        return "HwResetBus";
    if (!hw->HwAdapterControl)
        return "HwAdapterControl";
    if (d->virtual_miniport && !hw->HwFreeAdapterResources)
        return "HwFreeAdapterResources";
    if (hw->HwInitializeTracing && !hw->HwCleanupTracing)
        return "HwCleanupTracing";
    if (hw->HwProcessServiceRequest && !hw->HwCompleteServiceIrp)
        return "HwCompleteServiceIrp";
    return NULL;
}

static const char *wrong_member(const struct sp_driver *d)
{
    const HW_INITIALIZATION_DATA *hw = &d->hw;

    if (hw->HwDmaStarted || hw->HwAdapterState)
        return "HwDmaStarted and HwAdapterState must be NULL";
    if (!d->virtual_miniport && !hw->NeedPhysicalAddresses)
        return "NeedPhysicalAddresses must be TRUE";
    if (!hw->TaggedQueuing || !hw->AutoRequestSense || !hw->MultipleRequestPerLu)
        return "TaggedQueuing, AutoRequestSense and MultipleRequestPerLu must be TRUE";
    if (hw->AdapterInterfaceType == Isa || hw->AdapterInterfaceType == Eisa ||
        hw->AdapterInterfaceType == MicroChannel || hw->AdapterInterfaceType == TurboChannel)
        return "AdapterInterfaceType must not be Isa, Eisa, MicroChannel or TurboChannel";
    if (d->virtual_miniport && hw->HwBuildIo)
        return "HwBuildIo of a virtual miniport must be NULL";
    if (!d->old_layout && hw->AddressTypeFlags & ~(ULONG)ADDRESS_TYPE_FLAG_BTL8)
        return "AddressTypeFlags must be ADDRESS_TYPE_FLAG_BTL8";
    return NULL;
}

/* STI-008 to STI-012, STV-002 to STV-004. */
static void check_data(const struct sp_driver *d, const void *caller)
{
    const char *wrong = wrong_member(d);

    if (wrong)
        sp_stop("DT-S17", &d->hw, caller, "HW_INITIALIZATION_DATA: %s", wrong);
}

static DRIVER_DISPATCH pnp, create_close, control;
static NTSTATUS        add_device(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo);
static void            unload(PDRIVER_OBJECT driver);

static void take_over(PDRIVER_OBJECT driver)
{
    driver->DriverExtension->AddDevice = add_device;
    driver->DriverUnload = unload;
    driver->MajorFunction[IRP_MJ_PNP] = pnp;
    driver->MajorFunction[IRP_MJ_CREATE] = create_close;
    driver->MajorFunction[IRP_MJ_CLOSE] = create_close;
    driver->MajorFunction[IRP_MJ_CLEANUP] = create_close;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = control;
}

NTSTATUS sp_initialize(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path, PHW_INITIALIZATION_DATA hw,
    PVOID hw_context, const void *caller)
{
    NTSTATUS status;

    (void)hw_context;                       /* STI-006 */
    if (!driver || !registry_path || !hw) { /* STI-002 */
        sp_warn("DT-S17", hw, caller,
            "StorPortInitialize is called with a NULL argument (0xF1 under StorPort Verification)");
        return STATUS_INVALID_PARAMETER;
    }
    if (!known_size(hw->HwInitializationDataSize))
        return STATUS_REVISION_MISMATCH;
    if (driver->DeviceObject || sp_driver_of(driver)) /* STI-007 */
        sp_stop("DT-S13", driver, caller, "StorPortInitialize is called elsewhere than once in DriverEntry");
    struct sp_driver *d = io_driver_extension_add(driver, (void *)&driver_key, sizeof *d, &status);

    if (!d)
        return status;
    d->driver = driver;
    d->arguments[0] = driver;
    d->arguments[1] = registry_path;
    adopt(d, hw);
    check_data(d, caller);
    take_over(driver);
    return STATUS_SUCCESS;
}

/* ---- devices ---- */

static NTSTATUS add_device(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    struct sp_driver       *d = sp_driver_of(driver);
    struct io_device_config c = {
        .driver = driver, .extension_bytes = sizeof(struct fdo), .type = FILE_DEVICE_CONTROLLER};
    PDEVICE_OBJECT fdo;
    const char    *missing = missing_routine(d);

    if (missing) {
        sp_warn("DT-S17", &d->hw, NULL, "HW_INITIALIZATION_DATA: %s is missing, the adapter does not start", missing);
        return STATUS_INVALID_PARAMETER;
    }
    NTSTATUS status = io_device_create(&c, &fdo);

    if (!NT_SUCCESS(status))
        return status;
    struct sp_adapter *a = sp_adapter_create(d, pdo, fdo);

    if (!a || !io_device_attach(fdo, pdo)) {
        io_device_delete(fdo);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    ((struct fdo *)fdo->DeviceExtension)->a = a;
    fdo->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static NTSTATUS finish(PIRP irp, NTSTATUS status)
{
    irp->IoStatus.Status = status;
    io_complete(irp, IO_NO_INCREMENT);
    return status;
}

/* The adapter goes, then the request goes down, then the device goes. */
static NTSTATUS remove_device(PDEVICE_OBJECT fdo, PIRP irp)
{
    struct sp_adapter *a = sp_adapter_of_fdo(fdo);
    PDEVICE_OBJECT     pdo = a->pdo;

    sp_adapter_destroy(a);
    irp->IoStatus.Status = STATUS_SUCCESS;
    IoSkipCurrentIrpStackLocation(irp);
    NTSTATUS status = io_call_driver(pdo, irp);

    io_device_detach(pdo);
    io_device_delete(fdo);
    return status;
}

static NTSTATUS pnp(PDEVICE_OBJECT fdo, PIRP irp)
{
    struct sp_adapter *a = sp_adapter_of_fdo(fdo);

    switch (io_stack(irp)->MinorFunction) {
    case IRP_MN_START_DEVICE:
        return finish(irp, sp_adapter_run(a));
    case IRP_MN_STOP_DEVICE:
        sp_adapter_stop(a);
        return finish(irp, STATUS_SUCCESS);
    case IRP_MN_SURPRISE_REMOVAL:
        sp_adapter_surprise(a);
        return finish(irp, STATUS_SUCCESS);
    case IRP_MN_REMOVE_DEVICE:
        return remove_device(fdo, irp);
    default:
        IoSkipCurrentIrpStackLocation(irp);
        return io_call_driver(a->pdo, irp);
    }
}

static NTSTATUS create_close(PDEVICE_OBJECT fdo, PIRP irp)
{
    (void)fdo;
    return finish(irp, STATUS_SUCCESS);
}

static NTSTATUS control(PDEVICE_OBJECT fdo, PIRP irp)
{
    return sp_ioctl(sp_adapter_of_fdo(fdo), irp);
}

/* Adapters are gone by now: the host removes them first. STV-016. */
static void unload(PDRIVER_OBJECT driver)
{
    struct sp_driver *d = sp_driver_of(driver);

    sp_tracing_end(d);
}
