/* SPDX-License-Identifier: MIT */
/*
 * io/startio.c - device queues and the StartIo protocol.
 *
 * A device queue is busy or not; an entry offered to an idle queue is not inserted but makes it busy, and its owner serves
 * it at once. Removing from an empty busy queue makes it idle. io_lock makes each step atomic.
 *
 * StartIo runs for one IRP of a device at a time: the queue is busy from IoStartPacket until an IoStartNextPacket finds it
 * empty. IoStartNextPacket calls StartIo itself, so a driver that calls it inside StartIo recurses, once per queued IRP
 * (SIO-011), unless it asked for deferral: then the request is remembered and served when StartIo has returned. `starting`
 * counts processors inside StartIo, not a flag: the queue may become idle, and another processor start anew, before the
 * first has left.
 */
#include "io/startio.h"

#include "io/priv.h"

#define RECURSION_MAX 64u /* NT's kernel stack (24 KB) ends about there */

/* ---- device queues ---- */

void io_queue_init(PKDEVICE_QUEUE q)
{
    *q = (KDEVICE_QUEUE){.Type = 20, .Size = sizeof *q};
    q->DeviceListHead.Flink = q->DeviceListHead.Blink = &q->DeviceListHead;
}

static void link_before(PLIST_ENTRY at, PLIST_ENTRY e)
{
    e->Flink = at;
    e->Blink = at->Blink;
    at->Blink->Flink = e;
    at->Blink = e;
}

static void unlink_entry(PKDEVICE_QUEUE_ENTRY e)
{
    e->DeviceListEntry.Blink->Flink = e->DeviceListEntry.Flink;
    e->DeviceListEntry.Flink->Blink = e->DeviceListEntry.Blink;
    e->Inserted = FALSE;
}

static PKDEVICE_QUEUE_ENTRY entry_of(PLIST_ENTRY e)
{
    return CONTAINING_RECORD(e, KDEVICE_QUEUE_ENTRY, DeviceListEntry);
}

/* First entry whose key is at least (or above) key; the head when there is none. */
static PLIST_ENTRY find_key(PKDEVICE_QUEUE q, ULONG key, bool above)
{
    PLIST_ENTRY e = q->DeviceListHead.Flink;

    while (e != &q->DeviceListHead && (above ? entry_of(e)->SortKey <= key : entry_of(e)->SortKey < key))
        e = e->Flink;
    return e;
}

bool io_queue_insert(PKDEVICE_QUEUE q, PKDEVICE_QUEUE_ENTRY e, const ULONG *key)
{
    unsigned irql = io_lock();
    bool     busy = q->Busy;

    if (key)
        e->SortKey = *key;
    if (busy)
        link_before(key ? find_key(q, *key, true) : &q->DeviceListHead, &e->DeviceListEntry);
    e->Inserted = busy;
    q->Busy = TRUE;
    io_unlock(irql);
    return busy;
}

static PKDEVICE_QUEUE_ENTRY take_locked(PKDEVICE_QUEUE q, const ULONG *key)
{
    PLIST_ENTRY head = &q->DeviceListHead, e = key ? find_key(q, *key, false) : head->Flink;

    if (head->Flink == head) {
        q->Busy = FALSE;
        return NULL;
    }
    if (e == head)
        e = head->Flink;
    unlink_entry(entry_of(e));
    return entry_of(e);
}

/* *was_busy may be NULL. */
static PKDEVICE_QUEUE_ENTRY take(PKDEVICE_QUEUE q, const ULONG *key, bool *was_busy)
{
    unsigned             irql = io_lock();
    bool                 busy = q->Busy;
    PKDEVICE_QUEUE_ENTRY e = busy ? take_locked(q, key) : NULL;

    io_unlock(irql);
    if (was_busy)
        *was_busy = busy;
    return e;
}

PKDEVICE_QUEUE_ENTRY io_queue_remove(PKDEVICE_QUEUE q, const ULONG *key)
{
    uint64_t             p[4] = {(uintptr_t)q, 0, 0, 0};
    bool                 busy;
    PKDEVICE_QUEUE_ENTRY e = take(q, key, &busy);

    if (!busy)
        ke_bugcheckf(
            NULL, DEVICE_QUEUE_NOT_BUSY, p, "an entry was asked from device queue %p, which is not busy", (void *)q);
    return e;
}

PKDEVICE_QUEUE_ENTRY io_queue_remove_if_busy(PKDEVICE_QUEUE q, const ULONG *key)
{
    return take(q, key, NULL);
}

bool io_queue_remove_entry(PKDEVICE_QUEUE q, PKDEVICE_QUEUE_ENTRY e)
{
    unsigned irql = io_lock();
    bool     was = e->Inserted;

    (void)q;
    if (was)
        unlink_entry(e);
    io_unlock(irql);
    return was;
}

/* ---- StartIo ---- */

static PDRIVER_STARTIO routine_of(PDEVICE_OBJECT device)
{
    uint64_t p[4] = {0, DISPATCH_LEVEL, 8, 0};

    if (!device->DriverObject->DriverStartIo)
        ke_bugcheckf(
            NULL, DRIVER_IRQL_NOT_LESS_OR_EQUAL, p, "a packet was started, but the driver has no StartIo routine");
    return device->DriverObject->DriverStartIo;
}

static void call_start_io(PDEVICE_OBJECT device, PIRP irp)
{
    struct io_device *d = io_device_of(device);
    PDRIVER_STARTIO   routine = routine_of(device);
    uint64_t          p[4] = {8, 0, 0, 0};
    struct io_call    call;

    if (__atomic_add_fetch(&d->start_depth, 1, __ATOMIC_RELAXED) > RECURSION_MAX)
        ke_bugcheckf(NULL, UNEXPECTED_KERNEL_MODE_TRAP, p,
            "StartIo called IoStartNextPacket %u deep: on Windows a long queue overflows the kernel stack",
            RECURSION_MAX);
    io_call_enter(&call, EV_ROLE_START_IO, (const void *)routine, irp, device);
    routine(device, irp);
    io_call_leave(&call);
    __atomic_sub_fetch(&d->start_depth, 1, __ATOMIC_RELAXED);
}

/* ---- cancel routines given to IoStartPacket ---- */

/* SIO-017: between the queue and CurrentIrp the cancel routine may come and complete it. */
static void check_cancelable(PDEVICE_OBJECT device, PIRP irp, bool cancelable)
{
    PDRIVER_CANCEL routine = (PDRIVER_CANCEL)__atomic_load_n(&irp->CancelRoutine, __ATOMIC_RELAXED);
    struct finding f = {.severity = FINDING_WARNING, .rule = "DT-Q01", .object = device};

    if (!cancelable && routine)
        finding_raisef(&f,
            "IoStartNextPacket with Cancelable FALSE takes IRP %p, which has a cancel routine, from the queue: the "
            "cancel "
            "spin lock does not guard it",
            (void *)irp);
}

/* SIO-018. */
static void check_attributes_first(PDEVICE_OBJECT device)
{
    struct io_device *d = io_device_of(device);
    struct finding    f = {.severity = FINDING_WARNING, .rule = "DT-Q01", .object = device};

    if (!d->cancelable_set)
        return;
    d->cancelable_set = false;
    finding_raisef(&f,
        "IoSetStartIoAttributes was called with NonCancelable FALSE before a cancel routine was registered for device "
        "object %p",
        (void *)device);
}

/* ---- taking the next one ---- */

/* The next IRP, made current; NULL: the device is idle now. */
static PIRP dequeue(PDEVICE_OBJECT device, bool cancelable, const ULONG *key)
{
    KIRQL old = DISPATCH_LEVEL;

    if (cancelable)
        io_cancel_lock_acquire(&old);
    device->CurrentIrp = NULL;
    PKDEVICE_QUEUE_ENTRY e = io_queue_remove(&device->DeviceQueue, key);
    PIRP                 irp = e ? CONTAINING_RECORD(e, IRP, Tail.Overlay.DeviceQueueEntry) : NULL;

    if (irp) {
        device->CurrentIrp = irp;
        check_cancelable(device, irp, cancelable);
        if (cancelable && io_device_of(device)->non_cancelable)
            io_cancel_routine_set(irp, NULL);
    }
    if (cancelable)
        io_cancel_lock_release(old);
    return irp;
}

/* StartIo for irp and then for whatever was asked for meanwhile; ends when a call asks for nothing, or the queue is empty. */
static void run_deferred(PDEVICE_OBJECT device, PIRP irp)
{
    struct io_device *d = io_device_of(device);
    bool              again = true;
    unsigned          irql = io_lock();

    d->starting++;
    io_unlock(irql);
    while (irp) {
        call_start_io(device, irp);
        irql = io_lock();
        again = d->start_wanted;
        d->start_wanted = false;
        bool  cancelable = d->wanted_cancelable, by_key = d->wanted_by_key;
        ULONG key = d->wanted_key;

        io_unlock(irql);
        irp = again ? dequeue(device, cancelable, by_key ? &key : NULL) : NULL;
    }
    irql = io_lock();
    d->starting--;
    io_unlock(irql);
}

static void run(PDEVICE_OBJECT device, PIRP irp)
{
    if (io_device_of(device)->deferred_start)
        run_deferred(device, irp);
    else
        call_start_io(device, irp);
}

/* Queued: a cancel that came before the routine was set must not be lost. The cancel lock is held and released here. */
static void queued_cancelable(PDEVICE_OBJECT device, PIRP irp)
{
    PDRIVER_CANCEL routine = irp->Cancel ? io_cancel_routine_set(irp, NULL) : NULL;

    if (routine)
        io_cancel_call(routine, device, irp, DISPATCH_LEVEL);
    else
        io_cancel_lock_release(DISPATCH_LEVEL);
}

void io_start_packet(PDEVICE_OBJECT device, PIRP irp, const ULONG *key, PDRIVER_CANCEL cancel)
{
    unsigned old = ke_raise_to(DISPATCH_LEVEL);
    KIRQL    ignored;

    if (cancel) {
        check_attributes_first(device);
        io_cancel_lock_acquire(&ignored);
        io_cancel_routine_set(irp, cancel);
    }
    if (io_queue_insert(&device->DeviceQueue, &irp->Tail.Overlay.DeviceQueueEntry, key)) {
        if (cancel)
            queued_cancelable(device, irp);
    } else {
        device->CurrentIrp = irp;
        if (cancel && io_device_of(device)->non_cancelable)
            io_cancel_routine_set(irp, NULL);
        if (cancel)
            io_cancel_lock_release(DISPATCH_LEVEL);
        run(device, irp);
    }
    mach_irql_lower(old);
}

/* True: StartIo is running and will see to it. */
static bool left_to_start_io(struct io_device *d, bool cancelable, const ULONG *key)
{
    unsigned irql = io_lock();
    bool     left = d->deferred_start && d->starting;

    if (left) {
        d->start_wanted = true;
        d->wanted_cancelable = cancelable;
        d->wanted_by_key = key != NULL;
        d->wanted_key = key ? *key : 0;
    }
    io_unlock(irql);
    return left;
}

void io_start_next(PDEVICE_OBJECT device, bool cancelable, const ULONG *key)
{
    if (left_to_start_io(io_device_of(device), cancelable, key))
        return;
    PIRP irp = dequeue(device, cancelable, key);

    if (irp)
        run(device, irp);
}

/* One way only (SIO-014). */
void io_start_attributes(PDEVICE_OBJECT device, bool deferred, bool non_cancelable)
{
    struct io_device *d = io_device_of(device);

    d->deferred_start |= deferred;
    d->non_cancelable |= non_cancelable;
    d->cancelable_set |= !non_cancelable;
}
