/* SPDX-License-Identifier: MIT */
/*
 * io/device.c - device objects, their stacks, and when they go.
 *
 * A device has two counts. DEVICE_OBJECT.ReferenceCount counts open files; IoDeleteDevice with files open only marks the
 * device, and the last close ends it (its name goes at once, so nobody opens it again). The object's own references keep
 * the memory: IRPs and work items hold one. Ending means: out of the driver's list, the reference of its creation dropped.
 *
 *      IoCreateDevice --> live --IoDeleteDevice--> delete pending --last close--> ended --last reference--> memory gone
 *                                     \____________ no files open _____________/
 *
 * The extension lies behind the device object, last in its pool block, so that a write past it meets the guard.
 */
#include "io/priv.h"

static void device_destroy(void *body)
{
    PDEVICE_OBJECT    device = body;
    struct io_device *d = io_device_of(device);
    PDRIVER_OBJECT    driver = device->DriverObject;

    io_interrupt_memory_goes(/* SIO-050 */
        device, (const char *)(device + 1) + d->extension_bytes, "a device object is deleted");
    ev(EV_DEVICE_DELETE, device, (uintptr_t)driver, (uintptr_t)device->DeviceExtension, d->extension_bytes);
    unsigned irql = io_lock();

    io_driver_of(driver)->devices--;
    io_unlock(irql);
    ob_dereference(driver);
}

OBJECT_TYPE ob_type_device = {.name = "Device", .prefix = sizeof(struct io_device), .destroy = device_destroy};
_Static_assert(sizeof(struct io_device) % 16 == 0, "the object behind it is 16-byte aligned");

static void init_device(PDEVICE_OBJECT device, const struct io_device_config *cfg)
{
    struct io_device *d = io_device_of(device);

    d->extension_bytes = cfg->extension_bytes;
    d->nt = (DEVOBJ_EXTENSION){.Type = IO_TYPE_DEVICE_OBJECT_EXTENSION, .DeviceObject = device};
    device->Type = IO_TYPE_DEVICE;
    device->Size = (USHORT)(sizeof *device + cfg->extension_bytes);
    device->DriverObject = cfg->driver;
    device->DeviceExtension = cfg->extension_bytes ? device + 1 : NULL;
    device->DeviceObjectExtension = &d->nt;
    device->DeviceType = cfg->type;
    device->Characteristics = cfg->characteristics;
    device->StackSize = 1;
    device->Flags = DO_DEVICE_INITIALIZING | (cfg->exclusive ? DO_EXCLUSIVE : 0) | (cfg->name ? DO_DEVICE_HAS_NAME : 0);
    device->DeviceQueue = (KDEVICE_QUEUE){.Type = 20, .Size = sizeof(KDEVICE_QUEUE)};
    device->DeviceQueue.DeviceListHead.Flink = device->DeviceQueue.DeviceListHead.Blink =
        &device->DeviceQueue.DeviceListHead;
    ke_event_init(&device->DeviceLock, SynchronizationEvent, true);
}

static void link_to_driver(PDEVICE_OBJECT device)
{
    PDRIVER_OBJECT driver = device->DriverObject;
    unsigned       irql = io_lock();

    device->NextDevice = driver->DeviceObject; /* newest first, as NT has it */
    driver->DeviceObject = device;
    io_driver_of(driver)->devices++;
    io_unlock(irql);
    ob_reference(driver);
}

NTSTATUS io_device_create(const struct io_device_config *cfg, PDEVICE_OBJECT *out)
{
    PDEVICE_OBJECT device = ob_create(&ob_type_device, sizeof(DEVICE_OBJECT) + cfg->extension_bytes);

    if (!device)
        return STATUS_INSUFFICIENT_RESOURCES;
    init_device(device, cfg);
    link_to_driver(device);
    ev(EV_DEVICE_CREATE, device, (uintptr_t)cfg->driver, (uintptr_t)device->DeviceExtension, cfg->extension_bytes);
    NTSTATUS status = cfg->name ? io_name_add_device(cfg->name, device) : STATUS_SUCCESS;

    if (NT_SUCCESS(status))
        *out = device;
    else
        io_device_delete(device);
    return status;
}

/* ---- end ---- */

static void unlink_from_driver_locked(PDEVICE_OBJECT device)
{
    PDEVICE_OBJECT *at = &device->DriverObject->DeviceObject;

    while (*at && *at != device) /* ends: the list is finite, and a driver that broke it has lost the device anyway */
        at = &(*at)->NextDevice;
    if (*at)
        *at = device->NextDevice;
}

/* Ends the device when its delete is pending and nothing is open; io_lock is taken and dropped. */
static void end_if_unused(PDEVICE_OBJECT device)
{
    struct io_device *d = io_device_of(device);
    unsigned          irql = io_lock();
    bool              ends = d->delete_pending && !d->gone_from_driver && device->ReferenceCount == 0;

    if (ends) {
        d->gone_from_driver = true;
        unlink_from_driver_locked(device);
    }
    io_unlock(irql);
    if (ends)
        ob_dereference(device);
}

static void check_delete(PDEVICE_OBJECT device)
{
    uint64_t beneath[4] = {0x201, 0, (uintptr_t)device, 0}, again[4] = {4, (uintptr_t)device, 0, 0};

    if (ob_type_of(device) != &ob_type_device || io_device_of(device)->delete_pending)
        ke_bugcheckf(NULL, DRIVER_VERIFIER_IOMANAGER_VIOLATION, again, "device object %p was deleted twice, or is none",
            (void *)device);
    if (io_device_of(device)->nt.AttachedTo)
        ke_bugcheckf(NULL, DRIVER_VERIFIER_IOMANAGER_VIOLATION, beneath,
            "device object %p was deleted while attached to %p", (void *)device,
            (void *)io_device_of(device)->nt.AttachedTo);
}

void io_device_delete(PDEVICE_OBJECT device)
{
    check_delete(device);
    io_timer_device_gone(device);
    if (device->Flags & DO_DEVICE_HAS_NAME)
        io_name_remove_device(device);
    io_device_of(device)->delete_pending = true;
    end_if_unused(device);
}

void io_device_open_count(PDEVICE_OBJECT device, LONG delta)
{
    unsigned irql = io_lock();
    LONG     now = device->ReferenceCount += delta;

    io_unlock(irql);
    if (now == 0)
        end_if_unused(device);
}

/* ---- stacks ---- */

static PDEVICE_OBJECT top_locked(PDEVICE_OBJECT device)
{
    while (device->AttachedDevice) /* ends: attaching never makes a ring */
        device = device->AttachedDevice;
    return device;
}

PDEVICE_OBJECT io_device_top(PDEVICE_OBJECT device)
{
    unsigned irql = io_lock();

    device = top_locked(device);
    io_unlock(irql);
    return device;
}

PDEVICE_OBJECT io_device_attach(PDEVICE_OBJECT source, PDEVICE_OBJECT target)
{
    unsigned       irql = io_lock();
    PDEVICE_OBJECT top = top_locked(target);

    if (io_device_of(top)->delete_pending || top->StackSize == MAXCHAR) {
        top = NULL;
    } else {
        top->AttachedDevice = source;
        io_device_of(source)->nt.AttachedTo = top;
        source->StackSize = (CCHAR)(top->StackSize + 1);
        source->AlignmentRequirement = top->AlignmentRequirement;
        source->SectorSize = top->SectorSize;
    }
    io_unlock(irql);
    return top;
}

void io_device_detach(PDEVICE_OBJECT target)
{
    uint64_t       p[4] = {0x202, 0, (uintptr_t)target, 0};
    unsigned       irql = io_lock();
    PDEVICE_OBJECT above = target->AttachedDevice;

    if (above) {
        io_device_of(above)->nt.AttachedTo = NULL;
        target->AttachedDevice = NULL;
    }
    io_unlock(irql);
    if (!above)
        ke_bugcheckf(NULL, DRIVER_VERIFIER_IOMANAGER_VIOLATION, p,
            "nothing is attached to device object %p, but it was detached", (void *)target);
    end_if_unused(target);
}

size_t io_device_extension_bytes(PDEVICE_OBJECT device)
{
    return io_device_of(device)->extension_bytes;
}
