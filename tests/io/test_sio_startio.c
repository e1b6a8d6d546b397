/* SPDX-License-Identifier: MIT */
/* StartIo: cancelling what waits in the queue, attributes, producers on two processors, misuse. SIO. */
#include "driver.h"

#define REQUESTS 4

static struct {
    LONG    starts, inside, cancels, order[REQUESTS], calls;
    BOOLEAN cancelable;
    PIRP    started[REQUESTS], cancelled;
    KEVENT  cancelled_event;
    KTIMER  timer;
    KDPC    dpc;
    void (*in_start)(PDEVICE_OBJECT device, PIRP irp); /* NULL: the timer completes the request */
    PDRIVER_CANCEL cancel;
} s;

static ULONG number_of(PIRP irp)
{
    return *(ULONG *)irp->AssociatedIrp.SystemBuffer;
}

/* Microsoft's cancel routine for IoStartPacket: current, or out of the queue. SIO-015: entered with the cancel spin lock. */
static DRIVER_CANCEL cancel_queued;

static VOID cancel_queued(PDEVICE_OBJECT device, PIRP irp)
{
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    dt_expect(irp->Cancel && irp->CancelRoutine == NULL);
    InterlockedIncrement(&s.cancels);
    s.cancelled = irp;
    if (device->CurrentIrp == irp) {
        KIRQL old;

        IoReleaseCancelSpinLock(irp->CancelIrql);
        KeRaiseIrql(DISPATCH_LEVEL, &old); /* IoStartNextPacket wants that level */
        IoStartNextPacket(device, TRUE);
        KeLowerIrql(old);
    } else {
        dt_expect(KeRemoveEntryDeviceQueue(&device->DeviceQueue, &irp->Tail.Overlay.DeviceQueueEntry));
        IoReleaseCancelSpinLock(irp->CancelIrql);
    }
    complete(irp, STATUS_CANCELLED, 0);
    KeSetEvent(&s.cancelled_event, IO_NO_INCREMENT, FALSE);
}

/* Whoever takes the cancel routine away owns the request. */
static bool mine_now(PIRP irp)
{
    return !s.cancel || IoSetCancelRoutine(irp, NULL) != NULL;
}

static VOID start_io(PDEVICE_OBJECT device, PIRP irp)
{
    KIRQL old;

    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    if (s.in_start) {
        s.in_start(device, irp);
        return;
    }
    IoAcquireCancelSpinLock(&old);
    bool mine = device->CurrentIrp == irp && mine_now(irp);

    IoReleaseCancelSpinLock(old);
    if (!mine) /* the cancel routine has it, and asks for the next */
        return;
    s.started[s.starts] = irp;
    s.order[s.starts++] = (LONG)number_of(irp);
    KeSetTimer(&s.timer, in_ms(1), &s.dpc);
}

static VOID finish_dpc(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    PDEVICE_OBJECT device = context;
    PIRP           irp = device->CurrentIrp;

    (void)dpc, (void)a, (void)b;
    IoStartNextPacket(device, s.cancelable);
    complete(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS queue(PDEVICE_OBJECT device, PIRP irp)
{
    IoMarkIrpPending(irp);
    IoStartPacket(device, irp, NULL, s.cancel);
    return STATUS_PENDING;
}

static dt_driver *load(PDRIVER_CANCEL cancel)
{
    memset(&s, 0, sizeof s);
    drv_reset();
    drv.control = queue;
    drv.start_io = start_io;
    dt_driver *d = drv_load();

    s.cancel = cancel;
    s.cancelable = cancel != NULL;
    KeInitializeEvent(&s.cancelled_event, NotificationEvent, FALSE);
    KeInitializeTimer(&s.timer);
    KeInitializeDpc(&s.dpc, finish_dpc, drv.device);
    return d;
}

static dt_io *send(dt_file *f, const ULONG *number)
{
    return dt_ioctl_start(f, IOCTL_TEST, number, sizeof *number, NULL, 0);
}

static void finish(dt_io *io, NTSTATUS expected)
{
    dt_expect_eq(dt_io_wait(io, DT_NEVER), expected);
    dt_io_free(io);
}

static const ULONG numbers[] = {0, 1, 2, 3};

/* SIO-015: the routine is called for a request that waits, the others do not notice. */
static void cancel_waiting(void *ctx)
{
    (void)ctx;
    dt_driver *d = load(cancel_queued);
    dt_file   *f = drv_open();
    dt_io     *io[3];

    for (int i = 0; i < 3; i++)
        io[i] = send(f, &numbers[i]);
    dt_io_cancel(io[1]);
    for (int i = 0; i < 3; i++) {
        NTSTATUS status = dt_io_wait(io[i], DT_NEVER);

        dt_expect(status == STATUS_SUCCESS || (i == 1 && status == STATUS_CANCELLED));
        dt_io_free(io[i]);
    }
    dt_expect_eq(s.starts + s.cancels, 3);
    if (s.cancels) /* not too late */
        dt_expect(s.order[0] == 0 && s.order[1] == 2);
    dt_expect(!drv.device->DeviceQueue.Busy && drv.device->CurrentIrp == NULL);
    drv_close(d, f);
}

static void canceller(void *ctx)
{
    dt_io_cancel(ctx);
}

/* SIO-017: with Cancelable TRUE the cancel spin lock keeps queue and CurrentIrp together, whoever comes first. */
static void cancel_anywhere(void *ctx)
{
    (void)ctx;
    dt_driver *d = load(cancel_queued);
    dt_file   *f = drv_open();
    dt_io     *io[2];

    for (int i = 0; i < 2; i++)
        io[i] = send(f, &numbers[i]);
    dt_spawn(1, canceller, io[1]);
    dt_spawn(0, canceller, io[0]);
    dt_join_all();
    for (int i = 0; i < 2; i++)
        dt_io_free(io[i]);
    dt_expect_eq(s.starts + s.cancels, 2);
    dt_expect(!drv.device->DeviceQueue.Busy && drv.device->CurrentIrp == NULL);
    drv_close(d, f);
}

/* SIO-017: and FALSE, although there is a cancel routine, is told. */
static void not_cancelable(void *ctx)
{
    (void)ctx;
    dt_driver *d = load(cancel_queued);
    dt_file   *f = drv_open();
    dt_io     *io[2];

    s.cancelable = FALSE;
    for (int i = 0; i < 2; i++)
        io[i] = send(f, &numbers[i]);
    for (int i = 0; i < 2; i++)
        dt_io_free(io[i]);
    drv_close(d, f);
}

static void test_cancel(void **state)
{
    (void)state;
    passes(cancel_waiting);
    always(cancel_waiting, 1);
    always(cancel_anywhere, 1);
    if (simulated()) /* the second request must be there before the first ends */
        caught(not_cancelable, "DT-Q01", 0);
}

/* ---- SIO-016: cancelled before it is queued ---- */

static NTSTATUS queue_cancelled(PDEVICE_OBJECT device, PIRP irp)
{
    IoMarkIrpPending(irp);
    if (number_of(irp) == 1)
        IoCancelIrp(irp); /* no routine yet: only the flag */
    IoStartPacket(device, irp, NULL, s.cancel);
    return STATUS_PENDING;
}

static void cancelled_early(void *ctx)
{
    (void)ctx;
    dt_driver *d = load(cancel_queued);

    drv.control = queue_cancelled;
    dt_file *f = drv_open();
    dt_io   *first = send(f, &numbers[0]);

    if (!simulated()) { /* it must still run when the second one comes */
        finish(first, STATUS_SUCCESS);
        drv_close(d, f);
        return;
    }
    dt_io *second = send(f, &numbers[1]);

    finish(second, STATUS_CANCELLED);
    finish(first, STATUS_SUCCESS);
    dt_expect_eq(s.cancels, 1);
    dt_expect_eq(s.starts, 1);
    drv_close(d, f);
}

/* SIO-013: NonCancelable: what IoStartNextPacket has taken from the queue has no cancel routine any more. */
static void keep_routine(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    dt_expect(irp->CancelRoutine == NULL);
    dt_expect(!IoCancelIrp(irp));
    s.starts++;
    KeSetTimer(&s.timer, in_ms(1), &s.dpc);
}

static void non_cancelable(void *ctx)
{
    (void)ctx;
    dt_driver *d = load(cancel_queued);
    dt_file   *f = drv_open();
    dt_io     *io[2];

    s.in_start = keep_routine;
    IoSetStartIoAttributes(drv.device, FALSE, TRUE);
    for (int i = 0; i < 2; i++)
        io[i] = send(f, &numbers[i]);
    for (int i = 0; i < 2; i++)
        finish(io[i], STATUS_SUCCESS);
    dt_expect(s.starts == 2 && s.cancels == 0);
    drv_close(d, f);
}

/* SIO-014: one way, at any IRQL. */
static void one_way(void *ctx)
{
    KIRQL old;

    (void)ctx;
    dt_driver *d = load(cancel_queued);
    dt_file   *f = drv_open();

    s.in_start = keep_routine;
    KeRaiseIrql(HIGH_LEVEL, &old);
    IoSetStartIoAttributes(drv.device, FALSE, TRUE);
    KeLowerIrql(old);
    s.cancel = NULL;
    IoSetStartIoAttributes(drv.device, FALSE, TRUE);
    finish(send(f, &numbers[0]), STATUS_SUCCESS);
    drv_close(d, f);
}

static void attributes_stay(void *ctx)
{
    (void)ctx;
    dt_driver *d = load(cancel_queued);
    dt_file   *f = drv_open();

    s.in_start = keep_routine;
    IoSetStartIoAttributes(drv.device, FALSE, TRUE);
    IoSetStartIoAttributes(drv.device, FALSE, FALSE);
    finish(send(f, &numbers[0]), STATUS_SUCCESS); /* keep_routine: still not cancelable */
    drv_close(d, f);
}

/* SIO-018: FALSE before any cancel routine is registered. */
static void cancelable_too_early(void *ctx)
{
    (void)ctx;
    dt_driver *d = load(cancel_queued);
    dt_file   *f = drv_open();

    IoSetStartIoAttributes(drv.device, TRUE, FALSE);
    finish(send(f, &numbers[0]), STATUS_SUCCESS);
    drv_close(d, f);
}

static void test_attributes(void **state)
{
    (void)state;
    passes(cancelled_early);
    passes(non_cancelable);
    passes(one_way);
    caught(attributes_stay, "DT-Q01", 0); /* a warning only: SIO-014 holds all the same */
    caught(cancelable_too_early, "DT-Q01", 0);
}

/* ---- the next one by key; levels ---- */

static NTSTATUS queue_by_key(PDEVICE_OBJECT device, PIRP irp)
{
    ULONG key = number_of(irp) * 10;

    IoMarkIrpPending(irp);
    IoStartPacket(device, irp, &key, NULL);
    return STATUS_PENDING;
}

static VOID next_by_key(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    PDEVICE_OBJECT device = context;
    PIRP           irp = device->CurrentIrp;

    (void)dpc, (void)a, (void)b;
    IoStartNextPacketByKey(device, FALSE, s.starts == 1 ? 15 : 35);
    complete(irp, STATUS_SUCCESS, 0);
}

/* 0 runs; 10, 20, 30 wait. From 15 on: 20. From 35 on: nothing, so the first, 10. */
static void elevator(void *ctx)
{
    dt_io *io[4];

    (void)ctx;
    dt_driver *d = load(NULL);
    dt_file   *f = drv_open();

    drv.control = queue_by_key;
    KeInitializeDpc(&s.dpc, next_by_key, drv.device);
    for (int i = 0; i < 4; i++)
        io[i] = send(f, &numbers[i]);
    for (int i = 0; i < 4; i++)
        finish(io[i], STATUS_SUCCESS);
    dt_expect(s.order[0] == 0 && s.order[1] == 2 && s.order[2] == 1 && s.order[3] == 3); /* SIO-008 */
    drv_close(d, f);
}

/* SIO-009: StartPacket at DISPATCH_LEVEL as at PASSIVE_LEVEL, each restored; NextPacketByKey at PASSIVE_LEVEL. */
static NTSTATUS queue_high(PDEVICE_OBJECT device, PIRP irp)
{
    KIRQL old;

    IoMarkIrpPending(irp);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    IoStartPacket(device, irp, NULL, NULL);
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeLowerIrql(old);
    return STATUS_PENDING;
}

static void leave_it(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device, (void)irp;
    s.starts++;
}

static void levels(void *ctx)
{
    (void)ctx;
    dt_driver *d = load(NULL);
    dt_file   *f = drv_open();

    drv.control = queue_high;
    s.in_start = leave_it;
    dt_io *io = send(f, &numbers[0]);
    PIRP   irp = drv.device->CurrentIrp;

    IoStartNextPacketByKey(drv.device, FALSE, 0);
    dt_expect_eq(KeGetCurrentIrql(), PASSIVE_LEVEL);
    dt_expect(drv.device->CurrentIrp == NULL);
    complete(irp, STATUS_SUCCESS, 0);
    finish(io, STATUS_SUCCESS);
    drv_close(d, f);
}

static void next_at_passive(void *ctx)
{
    (void)ctx;
    load(NULL);
    IoStartNextPacket(drv.device, FALSE);
}

static void start_too_high(void *ctx)
{
    KIRQL old;

    (void)ctx;
    load(NULL);
    KeRaiseIrql(DISPATCH_LEVEL + 1, &old);
    IoStartPacket(drv.device, NULL, NULL, NULL);
}

static void test_levels(void **state)
{
    (void)state;
    if (simulated()) /* all four must be there in time */
        passes(elevator);
    passes(levels);
    caught(next_at_passive, "DT-I02", 0x0A);
    caught(start_too_high, "DT-I01", 0x0A);
}

/* ---- SIO-021: producers on two processors ---- */

static void producer(void *ctx)
{
    dt_file *f = ((void **)ctx)[0];
    unsigned first = (unsigned)(uintptr_t)((void **)ctx)[1];
    dt_io   *io[2];

    for (unsigned i = 0; i < 2; i++)
        io[i] = send(f, &numbers[first + i]);
    for (unsigned i = 0; i < 2; i++)
        finish(io[i], STATUS_SUCCESS);
}

static int place_of(LONG number)
{
    for (int i = 0; i < REQUESTS; i++)
        if (s.order[i] == number)
            return i;
    return -1;
}

static void producers(void *ctx)
{
    (void)ctx;
    dt_driver *d = load(NULL);
    dt_file   *f = drv_open();
    void      *one[] = {f, 0}, *two[] = {f, (void *)2};

    for (int i = 0; i < REQUESTS; i++)
        s.order[i] = -1;
    dt_spawn(1, producer, two);
    producer(one);
    dt_join_all();
    dt_expect_eq(s.starts, REQUESTS); /* each once */
    for (int i = 0; i < REQUESTS; i++)
        dt_expect(place_of(i) >= 0);
    dt_expect(place_of(0) < place_of(1) && place_of(2) < place_of(3));
    drv_close(d, f);
}

static void test_producers(void **state)
{
    (void)state;
    always(producers, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_attributes),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_producers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
