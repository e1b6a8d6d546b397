/* SPDX-License-Identifier: MIT */
/*
 * io/iotimer.c - IoTimer: one routine per device, called about once a second.
 *
 * All of them share one kernel timer with a period of a second, which ticks only while some IoTimer is started: an idle
 * machine must not wake up. A timer started while it ticks has its first call at the next tick, so within a second; else a
 * second later (IOT-005).
 *
 * At a tick every started timer is marked due; then one due timer after the other is called, its device referenced, with no
 * lock held. io_lock protects the list and the marks.
 */
#include "io/priv.h"
#include "io/startio.h"

static struct {
    bool        ready;
    struct list all;     /* struct _IO_TIMER.link */
    unsigned    started; /* of them */
    KTIMER      tick;
    KDPC        dpc;
} timers;

void io_timer_boot(void)
{
    list_init(&timers.all);
    timers.ready = false;
    timers.started = 0;
}

static PDEVICE_OBJECT next_due(void)
{
    PDEVICE_OBJECT device = NULL;
    unsigned       irql = io_lock();

    for (struct list *l = timers.all.next; l != &timers.all && !device; l = l->next) {
        PIO_TIMER t = container_of(l, IO_TIMER, link);

        if (!t->due)
            continue;
        t->due = false;
        __atomic_store_n(&t->running_on, mach_cpu() + 1, __ATOMIC_RELAXED);
        device = t->device;
        ob_reference(device);
    }
    io_unlock(irql);
    return device;
}

static void call_routine(PDEVICE_OBJECT device)
{
    PIO_TIMER      t = device->Timer;
    struct io_call call;

    io_call_enter(&call, EV_ROLE_IO_TIMER, (const void *)t->routine, t->context, device);
    t->routine(device, t->context);
    io_call_leave(&call);
    __atomic_store_n(&t->running_on, 0, __ATOMIC_RELAXED);
    ob_dereference(device);
}

static void mark_due(void)
{
    unsigned irql = io_lock();

    for (struct list *l = timers.all.next; l != &timers.all; l = l->next) {
        PIO_TIMER t = container_of(l, IO_TIMER, link);

        t->due = t->started;
    }
    io_unlock(irql);
}

static void tick(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc, (void)context, (void)argument1, (void)argument2;
    mark_due();
    for (PDEVICE_OBJECT device = next_due(); device; device = next_due())
        call_routine(device);
}

NTSTATUS io_timer_init(PDEVICE_OBJECT device, PIO_TIMER_ROUTINE routine, void *context)
{
    PIO_TIMER t = &io_device_of(device)->timer;
    uint64_t  p[4] = {0x0a, (uintptr_t)device, 0, 0};

    if (device->Timer)
        ke_bugcheckf(NULL, DRIVER_VERIFIER_IOMANAGER_VIOLATION, p,
            "IoInitializeTimer was called twice for device object %p", (void *)device);
    unsigned irql = io_lock();

    *t = (IO_TIMER){.device = device, .routine = routine, .context = context};
    list_add_tail(&timers.all, &t->link);
    device->Timer = t;
    io_unlock(irql);
    return STATUS_SUCCESS;
}

static PIO_TIMER must_have_timer(PDEVICE_OBJECT device, const char *what)
{
    uint64_t p[4] = {0, DISPATCH_LEVEL, 1, 0};

    if (!device->Timer)
        ke_bugcheckf("DT-T01", DRIVER_IRQL_NOT_LESS_OR_EQUAL, p,
            "%s for device object %p, whose IoTimer was never initialized", what, (void *)device);
    return device->Timer;
}

/* Inside the routine of this timer, on this processor. */
static bool inside(const IO_TIMER *t)
{
    return mach_irql() == DISPATCH_LEVEL && __atomic_load_n(&t->running_on, __ATOMIC_RELAXED) == mach_cpu() + 1;
}

static void prepare(void)
{
    if (timers.ready)
        return;
    timers.ready = true;
    ke_timer_init(&timers.tick, NotificationTimer);
    ke_dpc_init(&timers.dpc, tick, NULL, false);
}

/* Whether the number of started timers left or became zero by setting this one. */
static bool change(PIO_TIMER t, bool start)
{
    unsigned irql = io_lock(), before = timers.started;

    if (t->started != start)
        timers.started += start ? 1u : -1u;
    t->started = start;
    t->due &= start;
    prepare();
    bool edge = (before == 0) != (timers.started == 0);

    io_unlock(irql);
    return edge;
}

static void stop_ticking_if_idle(PIO_TIMER t)
{
    if (change(t, false))
        ke_timer_cancel(&timers.tick);
}

void io_timer_start(PDEVICE_OBJECT device)
{
    const struct ke_timer_set second = {.due = -(int64_t)NT_100NS_PER_S, .period = 1000, .dpc = &timers.dpc};
    PIO_TIMER                 t = must_have_timer(device, "IoStartTimer");

    if (inside(t)) {
        struct finding f = {.severity = FINDING_WARNING, .rule = "DT-L01", .object = device};

        finding_raisef(&f, "IoStartTimer was called inside the IoTimer routine of the same device");
    }
    if (change(t, true))
        ke_timer_set(&timers.tick, &second);
}

void io_timer_stop(PDEVICE_OBJECT device)
{
    PIO_TIMER t = must_have_timer(device, "IoStopTimer");
    uint64_t  p[4] = {(uintptr_t)device, 0, 0, 0};

    if (inside(t))
        ke_bugcheckf("DT-L01", SPIN_LOCK_ALREADY_OWNED, p,
            "IoStopTimer was called inside the IoTimer routine of the same device: a deadlock on Windows");
    stop_ticking_if_idle(t);
}

/* releasing-driver-allocated-resources: who unloads must have stopped it. Windows takes it out of its list all the same (IOT-014),
 * but a call of the routine may be under way on another processor. */
static void check_stopped(PDEVICE_OBJECT device)
{
    struct finding f = {.severity = FINDING_WARNING,
        .rule = "DT-T04",
        .param = {(uintptr_t)device, (uintptr_t)device->Timer->routine},
        .object = device,
        .caller = (const void *)device->Timer->routine};

    if (device->Timer->started)
        finding_raisef(
            &f, "a device object is deleted while its IoTimer is started: IoStopTimer comes before IoDeleteDevice");
}

void io_timer_device_gone(PDEVICE_OBJECT device)
{
    if (!device->Timer)
        return;
    check_stopped(device);
    stop_ticking_if_idle(device->Timer);
    unsigned irql = io_lock();

    list_del(&device->Timer->link);
    io_unlock(irql);
}
