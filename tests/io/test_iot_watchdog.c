/* SPDX-License-Identifier: MIT */
/* machines: sim */
/* IoTimer as a watchdog for a request, as the documents have it; a request as its context, cancelled meanwhile. IOT. */
#include "driver.h"

#define VECTOR 0x51
#define DIRQL  5

enum { IDLE = -1, SECONDS = 2 };

static struct {
    PKINTERRUPT interrupt;
    LONG        counter; /* the interrupt spin lock guards it; IDLE: no request is on the device */
    LONG        resets, timeouts, finished;
    bool        dead_device;
    KDPC        dpc;
} s;

static bool answered_late;

/* ---- IOT-019 ---- */

static KSERVICE_ROUTINE isr;

BOOLEAN isr(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt, (void)context;
    if (s.counter == IDLE)
        return FALSE; /* too late: the watchdog has given up */
    if (s.resets)
        answered_late = true;
    s.counter = IDLE;
    KeInsertQueueDpc(&s.dpc, NULL, NULL);
    return TRUE;
}

static VOID finish(PDEVICE_OBJECT device, NTSTATUS status)
{
    PIRP irp = device->CurrentIrp;

    dt_expect(irp != NULL);
    InterlockedIncrement(&s.finished);
    IoStartNextPacket(device, FALSE);
    complete(irp, status, 0);
}

static VOID dpc_for_isr(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)a, (void)b;
    finish(context, STATUS_SUCCESS);
}

/* One second more than is allowed: the first call may come at once (IOT-005). */
static BOOLEAN arm(PVOID context)
{
    (void)context;
    s.counter = SECONDS + 1;
    return TRUE;
}

static VOID start_io(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device, (void)irp;
    s.resets = 0;
    KeSynchronizeExecution(s.interrupt, arm, NULL);
}

/* TRUE: the time is up. A request gets one reset of the device and as much time again. */
static BOOLEAN count_down(PVOID context)
{
    (void)context;
    if (s.counter == IDLE || --s.counter > 0)
        return FALSE;
    if (s.resets++ == 0) {
        s.counter = SECONDS + 1;
        return FALSE;
    }
    s.counter = IDLE;
    return TRUE;
}

static VOID on_second(PDEVICE_OBJECT device, PVOID context)
{
    (void)context;
    if (!KeSynchronizeExecution(s.interrupt, count_down, NULL))
        return;
    s.timeouts++;
    finish(device, STATUS_IO_TIMEOUT);
}

static NTSTATUS queue(PDEVICE_OBJECT device, PIRP irp)
{
    IoMarkIrpPending(irp);
    IoStartPacket(device, irp, NULL, NULL);
    return STATUS_PENDING;
}

static dt_driver *load(void)
{
    memset(&s, 0, sizeof s);
    drv_reset();
    drv.control = queue;
    drv.start_io = start_io;
    dt_driver *d = drv_load();

    s.counter = IDLE;
    KeInitializeDpc(&s.dpc, dpc_for_isr, drv.device);
    dt_expect_eq(
        IoConnectInterrupt(&s.interrupt, isr, &s, NULL, VECTOR, DIRQL, DIRQL, Latched, FALSE, ~(KAFFINITY)0, FALSE),
        STATUS_SUCCESS);
    dt_expect_eq(IoInitializeTimer(drv.device, on_second, NULL), STATUS_SUCCESS);
    IoStartTimer(drv.device);
    return d;
}

static void unload(dt_driver *d, dt_file *f)
{
    IoStopTimer(drv.device);
    IoDisconnectInterrupt(s.interrupt);
    KeFlushQueuedDpcs();
    drv_close(d, f);
}

static void device_answers(void *ctx)
{
    (void)ctx;
    dt_driver *d = load();
    dt_file   *f = drv_open();
    dt_io     *io = dt_ioctl_start(f, IOCTL_TEST, NULL, 0, NULL, 0);

    dt_run_for(DT_MS(1500));
    dt_interrupt(VECTOR);
    dt_expect_eq(dt_io_wait(io, DT_NEVER), STATUS_SUCCESS);
    dt_io_free(io);
    dt_run_for(DT_S(8)); /* the counter is idle: nothing comes */
    dt_expect(s.finished == 1 && s.timeouts == 0);
    unload(d, f);
}

static void device_is_dead(void *ctx)
{
    (void)ctx;
    dt_driver *d = load();
    dt_file   *f = drv_open();
    dt_ns      began = dt_now();

    dt_expect_eq(dt_ioctl(f, IOCTL_TEST, NULL, 0, NULL, 0, NULL), STATUS_IO_TIMEOUT);
    dt_expect(dt_now() - began >= DT_S(2 * SECONDS));
    dt_expect(s.finished == 1 && s.timeouts == 1 && s.resets == 2);
    unload(d, f);
}

static void late_interrupt(void *ctx)
{
    (void)ctx;
    dt_run_for(DT_S(2 * (SECONDS + 1)));
    dt_interrupt(VECTOR);
}

/* The answer comes just when the watchdog gives up: one of them finishes the request, never both. */
static void at_the_same_time(void *ctx)
{
    (void)ctx;
    dt_driver *d = load();
    dt_file   *f = drv_open();

    dt_spawn(1, late_interrupt, NULL);
    NTSTATUS status = dt_ioctl(f, IOCTL_TEST, NULL, 0, NULL, 0, NULL);

    dt_join_all();
    KeFlushQueuedDpcs();
    dt_expect(status == STATUS_SUCCESS || status == STATUS_IO_TIMEOUT);
    dt_expect_eq(s.finished, 1);
    unload(d, f);
}

static void test_watchdog(void **state)
{
    (void)state;
    passes(device_answers);
    passes(device_is_dead);
    answered_late = false;
    reached(at_the_same_time, 2, &answered_late);
}

/* ---- IOT-023: the request as context ---- */

static struct {
    KSPIN_LOCK lock; /* guards irp */
    PIRP       irp;
    bool       locked, removed;
} r;

static PIRP take(void)
{
    KIRQL old;

    KeAcquireSpinLock(&r.lock, &old);
    PIRP irp = r.irp;

    r.irp = NULL;
    KeReleaseSpinLock(&r.lock, old);
    return irp;
}

/* Without the lock both see the request. */
static PIRP look(void)
{
    PIRP irp = r.irp;

    KeStallExecutionProcessor(1);
    r.irp = NULL;
    return irp;
}

static VOID cancel(PDEVICE_OBJECT device, PIRP irp)
{
    IoReleaseCancelSpinLock(irp->CancelIrql);
    IoStopTimer(device);
    irp = r.locked ? take() : look();
    if (irp)
        complete(irp, STATUS_CANCELLED, 0);
}

static VOID request_timer(PDEVICE_OBJECT device, PVOID context)
{
    (void)device, (void)context;
    PIRP irp = r.locked ? take() : look();

    if (!irp)
        return;
    IoSetCancelRoutine(irp, NULL);
    complete(irp, STATUS_IO_TIMEOUT, 0);
}

static NTSTATUS keep(PDEVICE_OBJECT device, PIRP irp)
{
    IoMarkIrpPending(irp);
    r.irp = irp;
    IoSetCancelRoutine(irp, cancel);
    IoStartTimer(device);
    return STATUS_PENDING;
}

static void cancel_in_a_second(void *ctx)
{
    dt_run_for(DT_S(1));
    dt_io_cancel(ctx);
}

static void cancelled_request(bool locked)
{
    memset(&r, 0, sizeof r);
    KeInitializeSpinLock(&r.lock);
    r.locked = locked;
    drv_reset();
    drv.control = keep;
    dt_driver *d = drv_load();

    dt_expect_eq(IoInitializeTimer(drv.device, request_timer, NULL), STATUS_SUCCESS);
    dt_file *f = drv_open();
    dt_io   *io = dt_ioctl_start(f, IOCTL_TEST, NULL, 0, NULL, 0);

    dt_spawn(1, cancel_in_a_second, io);
    dt_join_all();
    dt_io_free(io);
    IoStopTimer(drv.device);
    KeFlushQueuedDpcs();
    drv_close(d, f);
}

static void with_lock(void *ctx)
{
    (void)ctx;
    cancelled_request(true);
}

static void without_lock(void *ctx)
{
    (void)ctx;
    cancelled_request(false);
}

static void test_request(void **state)
{
    (void)state;
    always(with_lock, 2);
    if (!SANITIZED) /* the loser uses the request after it was freed */
        found(without_lock, 3, NULL, 0x44);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_watchdog),
        cmocka_unit_test(test_request),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
