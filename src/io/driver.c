/* SPDX-License-Identifier: MIT */
/*
 * io/driver.c - driver objects: DriverEntry, AddDevice, unload.
 *
 * Unloading a driver is where timers, DPCs and work items that it forgot come to light. The order is NT's: DriverUnload
 * runs; work items that the system protects (they hold the device) and deletes that wait for them end; the DPCs that are
 * queued run (an implicit KeFlushQueuedDpcs, KTM-086); only then is the image gone, which is what the second
 * EV_DRIVER_UNLOAD says. Whatever still points into image or extensions then is the driver's mistake.
 */
#include <string.h>

#include "io/priv.h"

static struct {
    struct mach_lock lock;
    struct list      all;
    PDRIVER_OBJECT   bus; /* owner of physical device objects; made when first needed */
} drivers;

struct io_client_ext {
    struct io_client_ext *next;
    void                 *id;
    void                 *unused[2]; /* keeps what follows 16-byte aligned */
};

unsigned io_lock(void)
{
    unsigned irql = ke_raise_to(DISPATCH_LEVEL);

    mach_lock(&drivers.lock);
    return irql;
}

void io_unlock(unsigned irql)
{
    mach_unlock(&drivers.lock);
    mach_irql_lower(irql);
}

void io_driver_boot(void)
{
    drivers.lock = (struct mach_lock){0};
    list_init(&drivers.all);
    drivers.bus = NULL;
}

static void driver_destroy(void *body)
{
    struct io_driver *d = io_driver_of(body);
    unsigned          irql = io_lock();

    list_del(&d->link);
    io_unlock(irql);
    for (struct io_client_ext *e = d->client_extensions, *next; e; e = next) {
        next = e->next;
        ex_pool_free(e, 0, NULL);
    }
}

OBJECT_TYPE ob_type_driver = {.name = "Driver", .prefix = sizeof(struct io_driver), .destroy = driver_destroy};
_Static_assert(sizeof(struct io_driver) % 16 == 0, "the object behind it is 16-byte aligned");

/* What the system lets end after DriverUnload, or after a DriverEntry that failed; the last reference but others' goes. */
static void image_goes(PDRIVER_OBJECT driver);

/* ---- making one ---- */

NTSTATUS io_invalid_request(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    irp->IoStatus.Status = STATUS_INVALID_DEVICE_REQUEST;
    irp->IoStatus.Information = 0;
    io_complete(irp, IO_NO_INCREMENT);
    return STATUS_INVALID_DEVICE_REQUEST;
}

/* prefix and name, as far as they fit; both are short ASCII. */
static void make_string(UNICODE_STRING *s, WCHAR *buffer, size_t chars, const char *prefix, const char *name)
{
    size_t n = 0;

    for (; *prefix && n + 1 < chars; prefix++)
        buffer[n++] = (unsigned char)*prefix;
    for (; *name && n + 1 < chars; name++)
        buffer[n++] = (unsigned char)*name;
    buffer[n] = 0;
    *s = (UNICODE_STRING){(USHORT)(n * sizeof(WCHAR)), (USHORT)((n + 1) * sizeof(WCHAR)), buffer};
}

static PDRIVER_OBJECT make_driver(const struct io_driver_config *cfg)
{
    PDRIVER_OBJECT driver = ob_create(&ob_type_driver, sizeof(DRIVER_OBJECT));

    if (!driver)
        return NULL;
    struct io_driver *d = io_driver_of(driver);
    unsigned          irql = io_lock();

    list_add_tail(&drivers.all, &d->link);
    io_unlock(irql);
    d->image_start = cfg->image_start;
    d->image_end = cfg->image_end;
    d->extension.DriverObject = driver;
    make_string(&d->registry, d->registry_path, ARRAYSIZE(d->registry_path),
        "\\Registry\\Machine\\System\\CurrentControlSet\\Services\\", cfg->name);
    make_string(&driver->DriverName, d->name, ARRAYSIZE(d->name), "\\Driver\\", cfg->name);
    d->extension.ServiceKeyName = driver->DriverName;
    driver->Type = IO_TYPE_DRIVER;
    driver->Size = sizeof *driver;
    driver->DriverExtension = &d->extension;
    driver->DriverStart = (void *)cfg->image_start;
    driver->DriverSize = (ULONG)((const char *)cfg->image_end - (const char *)cfg->image_start);
    driver->DriverInit = cfg->entry;
    for (unsigned i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        driver->MajorFunction[i] = io_invalid_request;
    return driver;
}

/* The I/O manager clears DO_DEVICE_INITIALIZING of what DriverEntry made; AddDevice must do so itself. */
static void devices_are_ready(PDRIVER_OBJECT driver)
{
    for (PDEVICE_OBJECT device = driver->DeviceObject; device; device = device->NextDevice)
        device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
}

NTSTATUS io_driver_create(const struct io_driver_config *cfg, PDRIVER_OBJECT *out)
{
    PDRIVER_OBJECT driver = make_driver(cfg);

    *out = NULL;
    if (!driver)
        return STATUS_INSUFFICIENT_RESOURCES;
    struct io_call call;

    ev(EV_DRIVER_LOAD, driver, (uintptr_t)cfg->image_start, (uintptr_t)cfg->image_end, 0);
    io_call_enter(&call, EV_ROLE_DRIVER_ENTRY, (const void *)cfg->entry, driver, driver);
    NTSTATUS status = cfg->entry(driver, &io_driver_of(driver)->registry);

    io_call_leave(&call);
    if (NT_SUCCESS(status)) {
        devices_are_ready(driver);
        *out = driver;
        return status;
    }
    ev(EV_DRIVER_UNLOAD, driver, 0, (uintptr_t)cfg->image_start, (uintptr_t)cfg->image_end);
    image_goes(driver);
    return status;
}

/* ---- plug and play, as much as AddDevice needs ---- */

static NTSTATUS bus_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    UCHAR major = io_stack(irp)->MajorFunction;

    (void)device;
    NTSTATUS status = major == IRP_MJ_PNP || major == IRP_MJ_POWER ? STATUS_SUCCESS : STATUS_INVALID_DEVICE_REQUEST;

    irp->IoStatus.Status = status;
    irp->IoStatus.Information = 0;
    io_complete(irp, IO_NO_INCREMENT);
    return status;
}

static PDRIVER_OBJECT bus_driver(void)
{
    static const struct io_driver_config cfg = {.name = "PnpManager"};

    if (!drivers.bus) {
        drivers.bus = make_driver(&cfg);
        for (unsigned i = 0; drivers.bus && i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
            drivers.bus->MajorFunction[i] = bus_dispatch;
    }
    return drivers.bus;
}

static NTSTATUS make_pdo(PDEVICE_OBJECT *pdo)
{
    struct io_device_config cfg = {.driver = bus_driver(), .type = FILE_DEVICE_UNKNOWN};

    if (!cfg.driver)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = io_device_create(&cfg, pdo);

    if (NT_SUCCESS(status))
        (*pdo)->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return status;
}

NTSTATUS io_driver_add_device(PDRIVER_OBJECT driver, PDEVICE_OBJECT *out)
{
    PDRIVER_ADD_DEVICE add = driver->DriverExtension->AddDevice;
    PDEVICE_OBJECT     pdo = NULL;
    struct io_call     call;

    if (!add)
        return STATUS_INVALID_DEVICE_REQUEST;
    NTSTATUS status = make_pdo(&pdo);

    if (!NT_SUCCESS(status))
        return status;
    io_call_enter(&call, EV_ROLE_ADD_DEVICE, (const void *)add, driver, pdo);
    status = add(driver, pdo);
    io_call_leave(&call);
    if (NT_SUCCESS(status) && out)
        *out = pdo;
    if (!NT_SUCCESS(status))
        io_device_delete(pdo);
    return status;
}

static NTSTATUS send_pnp(PDEVICE_OBJECT pdo, UCHAR minor)
{
    struct io_request r = {.device = pdo, .major = IRP_MJ_PNP, .minor = minor};

    return io_request_run(&r);
}

NTSTATUS io_pdo_start(PDEVICE_OBJECT pdo)
{
    return send_pnp(pdo, IRP_MN_START_DEVICE);
}

NTSTATUS io_pdo_remove(PDEVICE_OBJECT pdo)
{
    NTSTATUS status = send_pnp(pdo, IRP_MN_REMOVE_DEVICE);

    if (pdo->AttachedDevice) { /* the driver has not detached: it stays in the stack for ever */
        uint64_t p[4] = {0x21d, 0, 0, (uintptr_t)pdo->AttachedDevice};

        ke_bugcheckf(NULL, DRIVER_VERIFIER_IOMANAGER_VIOLATION, p,
            "device object %p is still attached after its remove request", (void *)pdo->AttachedDevice);
    }
    io_device_delete(pdo);
    return status;
}

/* ---- unload ---- */

static bool anything_open(PDRIVER_OBJECT driver)
{
    bool     open = false;
    unsigned irql = io_lock();

    for (PDEVICE_OBJECT device = driver->DeviceObject; device; device = device->NextDevice)
        open |= device->ReferenceCount != 0;
    io_unlock(irql);
    return open;
}

static unsigned devices_left(PDRIVER_OBJECT driver)
{
    unsigned irql = io_lock(), n = io_driver_of(driver)->devices;

    io_unlock(irql);
    return n;
}

void io_driver_work(PDRIVER_OBJECT driver, LONG delta)
{
    __atomic_add_fetch(&io_driver_of(driver)->work, delta, __ATOMIC_ACQ_REL);
}

/* Work items that hold the driver, devices whose delete waits; ends because nobody can take new references to them. */
static void wait_for_holders(PDRIVER_OBJECT driver)
{
    struct io_driver *d = io_driver_of(driver);

    while (__atomic_load_n(&d->work, __ATOMIC_ACQUIRE) > 0 || (devices_left(driver) && !driver->DeviceObject))
        ke_delay(false, KernelMode, -(int64_t)NT_100NS_PER_MS);
}

/* THR-014: its code goes on running. */
static void check_threads(const struct io_driver *d)
{
    uint32_t id = ke_thread_of(d->image_start, d->image_end);
    uint64_t p[4] = {0};

    if (id)
        ke_bugcheckf("DT-H02", DRIVER_UNLOADED_WITHOUT_CANCELLING_PENDING_OPERATIONS, p,
            "thread %u of the driver still lives after the driver was unloaded", id);
}

/* CLK-029 */
static void check_resolution(const struct io_driver *d)
{
    struct finding f = {.severity = FINDING_WARNING, .rule = "DT-C01"};

    if (ke_clock_requests_of(d->image_start, d->image_end) > 0)
        finding_raisef(&f, "the driver was unloaded and has not withdrawn its ExSetTimerResolution");
}

static bool warn_of_handle(void *ctx, HANDLE handle, POBJECT_TYPE type, void *body)
{
    const struct io_driver *d = ctx;
    struct finding          f = {.severity = FINDING_WARNING, .rule = "DT-H04", .object = body};

    if (type != &ob_type_thread || !ke_thread_is_of(body, d->image_start, d->image_end))
        return true;
    finding_raisef(&f, "handle %p of a thread is still open after its driver was unloaded", handle);
    return false;
}

static void check_left_behind(PDRIVER_OBJECT driver)
{
    struct io_driver *d = io_driver_of(driver);
    bool              running = false;
    const void       *item = ex_work_find(d->image_start, d->image_end, &running);

    if (item) {
        uint64_t p[4] = {(uintptr_t)item, 0, 0, 0};

        ke_bugcheckf(NULL, DRIVER_UNLOADED_WITHOUT_CANCELLING_PENDING_OPERATIONS, p,
            "work item %p is still %s after the driver was unloaded", item, running ? "running" : "queued");
    }
    check_threads(d);
    io_interrupt_memory_goes(d->image_start, d->image_end, "the driver is unloaded");
    check_resolution(d);
    ob_handle_each(warn_of_handle, d);
    if (!driver->DeviceObject)
        return;
    struct finding f = {.severity = FINDING_WARNING,
        .object = driver->DeviceObject,
        .bugcheck = DRIVER_UNLOADED_WITHOUT_CANCELLING_PENDING_OPERATIONS};

    finding_raisef(&f, "device object %p still exists after the driver was unloaded", (void *)driver->DeviceObject);
}

static void image_goes(PDRIVER_OBJECT driver)
{
    struct io_driver *d = io_driver_of(driver);

    wait_for_holders(driver);
    ke_dpc_flush();
    check_left_behind(driver);
    ev(EV_DRIVER_UNLOAD, driver, 1, (uintptr_t)d->image_start, (uintptr_t)d->image_end);
    ob_dereference(driver);
}

NTSTATUS io_driver_unload(PDRIVER_OBJECT driver)
{
    struct io_driver *d = io_driver_of(driver);
    struct io_call    call;

    if (!driver->DriverUnload)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (anything_open(driver))
        return STATUS_DEVICE_BUSY;
    ev(EV_DRIVER_UNLOAD, driver, 0, (uintptr_t)d->image_start, (uintptr_t)d->image_end);
    driver->Flags |= DRVO_UNLOAD_INVOKED;
    io_call_enter(&call, EV_ROLE_UNLOAD, (const void *)driver->DriverUnload, driver, driver);
    driver->DriverUnload(driver);
    io_call_leave(&call);
    image_goes(driver);
    return STATUS_SUCCESS;
}

/* ---- extensions of drivers, walks ---- */

void *io_driver_extension_add(PDRIVER_OBJECT driver, void *id, size_t bytes, NTSTATUS *status)
{
    struct io_client_ext *e = ex_pool_alloc(EX_POOL_NX | EX_POOL_ZERO, sizeof *e + bytes, IO_TAG_MISC, NULL);

    *status = STATUS_INSUFFICIENT_RESOURCES;
    if (!e)
        return NULL;
    e->id = id;
    if (io_driver_extension_find(driver, id)) {
        ex_pool_free(e, 0, NULL);
        *status = STATUS_OBJECT_NAME_COLLISION;
        return NULL;
    }
    unsigned irql = io_lock();

    e->next = io_driver_of(driver)->client_extensions;
    io_driver_of(driver)->client_extensions = e;
    io_unlock(irql);
    *status = STATUS_SUCCESS;
    return e + 1;
}

void *io_driver_extension_find(PDRIVER_OBJECT driver, void *id)
{
    void    *found = NULL;
    unsigned irql = io_lock();

    for (struct io_client_ext *e = io_driver_of(driver)->client_extensions; e && !found; e = e->next)
        if (e->id == id)
            found = e + 1;
    io_unlock(irql);
    return found;
}

void io_driver_each(bool (*fn)(void *ctx, PDRIVER_OBJECT driver), void *ctx)
{
    for (struct list *l = drivers.all.next; l != &drivers.all; l = l->next) {
        struct io_driver *d = container_of(l, struct io_driver, link);

        if (d->extension.DriverObject != drivers.bus && !fn(ctx, d->extension.DriverObject))
            return;
    }
}

void io_device_each(PDRIVER_OBJECT driver, bool (*fn)(void *ctx, PDEVICE_OBJECT device), void *ctx)
{
    for (PDEVICE_OBJECT device = driver->DeviceObject; device; device = device->NextDevice)
        if (!fn(ctx, device))
            return;
}
