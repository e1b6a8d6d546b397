/* SPDX-License-Identifier: MIT */
/* StartIo, device queues, IoTimer: SIO-001 .. SIO-016, SIO-027 .. SIO-037, IOT-001 .. IOT-015. */
#include "driver.h"

#define REQUESTS 8

static struct {
    LONG   inside, starts, deepest;
    ULONG  order[REQUESTS];
    bool   defer, next_in_start;
    KTIMER timer;
    KDPC   dpc;
} s;

static ULONG number_of(PIRP irp)
{
    return *(ULONG *)irp->AssociatedIrp.SystemBuffer;
}

static VOID finish_dpc(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    PDEVICE_OBJECT device = context;
    PIRP           irp = device->CurrentIrp;

    (void)dpc, (void)a, (void)b;
    dt_expect(irp != NULL); /* SIO-003 */
    IoStartNextPacket(device, FALSE);
    complete(irp, STATUS_SUCCESS, 0);
}

static VOID start_io(PDEVICE_OBJECT device, PIRP irp)
{
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL); /* SIO-002 */
    dt_expect(device->CurrentIrp == irp);
    LONG depth = InterlockedIncrement(&s.inside);

    if (depth > s.deepest)
        s.deepest = depth;
    s.order[s.starts++] = number_of(irp);
    if (s.next_in_start) {
        IoStartNextPacket(device, FALSE);
        complete(irp, STATUS_SUCCESS, 0);
    } else {
        KeSetTimer(&s.timer, in_ms(1), &s.dpc);
    }
    InterlockedDecrement(&s.inside);
}

static NTSTATUS queue(PDEVICE_OBJECT device, PIRP irp)
{
    ULONG key = number_of(irp);

    IoMarkIrpPending(irp);
    IoStartPacket(device, irp, key >= 100 ? &key : NULL, NULL);
    return STATUS_PENDING;
}

static dt_driver *load(void)
{
    memset(&s, 0, sizeof s);
    drv_reset();
    drv.control = queue;
    drv.start_io = start_io;
    dt_driver *d = drv_load();

    KeInitializeTimer(&s.timer);
    KeInitializeDpc(&s.dpc, finish_dpc, drv.device);
    return d;
}

static void send(dt_file *f, const ULONG *numbers, unsigned count)
{
    dt_io *io[REQUESTS];

    for (unsigned i = 0; i < count; i++)
        io[i] = dt_ioctl_start(f, IOCTL_TEST, &numbers[i], sizeof(ULONG), NULL, 0);
    for (unsigned i = 0; i < count; i++) {
        dt_expect_eq(dt_io_wait(io[i], DT_NEVER), STATUS_SUCCESS);
        dt_io_free(io[i]);
    }
}

/* SIO-001, SIO-004, SIO-005, SIO-006, SIO-007: first at once, the rest in order; idle again, and again at once. */
static void fifo(void *ctx)
{
    static const ULONG numbers[] = {1, 2, 3};

    (void)ctx;
    dt_driver *d = load();
    dt_file   *f = drv_open();

    for (int round = 0; round < 2; round++) {
        s.starts = 0;
        send(f, numbers, 3);
        dt_expect(s.starts == 3 && s.order[0] == 1 && s.order[1] == 2 && s.order[2] == 3);
        dt_expect(drv.device->CurrentIrp == NULL && !drv.device->DeviceQueue.Busy);
    }
    drv_close(d, f);
}

/* SIO-007: by key behind the one that runs. */
static void sorted(void *ctx)
{
    static const ULONG numbers[] = {1, 300, 100, 200};

    (void)ctx;
    dt_driver *d = load();
    dt_file   *f = drv_open();

    send(f, numbers, 4);
    dt_expect(s.order[0] == 1 && s.order[1] == 100 && s.order[2] == 200 && s.order[3] == 300);
    drv_close(d, f);
}

static void test_order(void **state)
{
    (void)state;
    passes(fifo);
    always(fifo, 1);
    if (simulated())
        passes(sorted);
}

/* SIO-011, SIO-012: with deferral StartIo is never entered inside itself. */
static void nested(bool defer)
{
    static const ULONG numbers[] = {1, 2, 3, 4};

    dt_driver *d = load();
    dt_file   *f = drv_open();

    if (defer)
        IoSetStartIoAttributes(drv.device, TRUE, FALSE);
    s.next_in_start = false;
    dt_io *io[4];

    for (int i = 0; i < 4; i++) {
        io[i] = dt_ioctl_start(f, IOCTL_TEST, &numbers[i], sizeof(ULONG), NULL, 0);
        s.next_in_start = i == 3; /* the DPC's IoStartNextPacket meets three in the queue */
    }
    for (int i = 0; i < 4; i++) {
        dt_io_wait(io[i], DT_NEVER);
        dt_io_free(io[i]);
    }
    dt_expect_eq(s.starts, 4);
    dt_expect_eq(s.deepest, defer ? 1 : 3);
    drv_close(d, f);
}

static void nested_deferred(void *ctx)
{
    (void)ctx;
    nested(true);
}

static void nested_plain(void *ctx)
{
    (void)ctx;
    nested(false);
}

static void test_deferred(void **state)
{
    (void)state;
    if (!simulated()) /* the fourth request must come before the first timer */
        skip();
    passes(nested_deferred);
    passes(nested_plain);
    always(nested_deferred, 0);
}

/* SIO-010 */
static void no_start_io(void *ctx)
{
    static const ULONG one = 1;

    (void)ctx;
    drv_reset();
    drv.control = queue;
    drv_load();
    send(drv_open(), &one, 1);
}

static void test_no_start_io(void **state)
{
    (void)state;
    caught(no_start_io, NULL, 0xD1);
}

/* ---- device queues ---- */

/* SIO-027 .. SIO-035 */
static void device_queue(void *ctx)
{
    KDEVICE_QUEUE       q;
    KDEVICE_QUEUE_ENTRY e[5] = {0};
    KIRQL               old;

    (void)ctx;
    KeInitializeDeviceQueue(&q);
    dt_expect(q.Type == 20 && q.Size == sizeof q && !q.Busy && IsListEmpty(&q.DeviceListHead));
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    dt_expect(!KeInsertDeviceQueue(&q, &e[0]) && q.Busy && !e[0].Inserted);
    dt_expect(KeInsertByKeyDeviceQueue(&q, &e[1], 5) && e[1].Inserted);
    dt_expect(KeInsertByKeyDeviceQueue(&q, &e[2], 3));
    dt_expect(KeInsertByKeyDeviceQueue(&q, &e[3], 5)); /* behind its equal */
    dt_expect(KeInsertDeviceQueue(&q, &e[4]));
    dt_expect(KeRemoveByKeyDeviceQueue(&q, 4) == &e[1]);
    dt_expect(KeRemoveEntryDeviceQueue(&q, &e[3]) && !KeRemoveEntryDeviceQueue(&q, &e[3]));
    dt_expect(KeRemoveDeviceQueue(&q) == &e[2]);
    dt_expect(KeRemoveByKeyDeviceQueue(&q, 99) == &e[4]);
    dt_expect(q.Busy && KeRemoveDeviceQueue(&q) == NULL && !q.Busy);
    KeLowerIrql(old);
}

static void queue_not_busy(void *ctx)
{
    KDEVICE_QUEUE q;
    KIRQL         old;

    (void)ctx;
    KeInitializeDeviceQueue(&q);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeRemoveDeviceQueue(&q);
    KeLowerIrql(old);
}

static void queue_at_passive(void *ctx)
{
    KDEVICE_QUEUE       q;
    KDEVICE_QUEUE_ENTRY e = {0};

    (void)ctx;
    KeInitializeDeviceQueue(&q);
    KeInsertDeviceQueue(&q, &e);
}

static void test_device_queue(void **state)
{
    (void)state;
    passes(device_queue);
    caught(queue_not_busy, NULL, 0x02);
    caught(queue_at_passive, "DT-I02", 0x0A); /* SIO-036 */
}

/* ---- IoTimer ---- */

static LONG ticks;
static bool stop_inside;

static VOID io_tick(PDEVICE_OBJECT device, PVOID context)
{
    dt_expect(device == drv.device && context == &ticks);
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    InterlockedIncrement(&ticks);
    if (stop_inside)
        IoStopTimer(device);
}

static dt_driver *with_timer(void)
{
    ticks = 0;
    drv_reset();
    dt_driver *d = drv_load();

    dt_expect_eq(IoInitializeTimer(drv.device, io_tick, &ticks), STATUS_SUCCESS);
    return d;
}

/* IOT-001 .. IOT-006, IOT-008 */
static void io_timer(void *ctx)
{
    (void)ctx;
    stop_inside = false;
    dt_driver *d = with_timer();

    dt_run_for(DT_S(3));
    dt_expect_eq(ticks, 0);
    IoStartTimer(drv.device);
    IoStartTimer(drv.device);
    dt_run_for(DT_S(10));
    dt_expect(ticks >= 9 && ticks <= 11);
    LONG before = ticks;

    IoStopTimer(drv.device);
    IoStopTimer(drv.device);
    dt_run_for(DT_S(3));
    dt_expect_eq(ticks, before);
    IoStartTimer(drv.device);
    dt_run_for(DT_S(2));
    dt_expect(ticks > before);
    IoStopTimer(drv.device);
    before = ticks;
    dt_expect_eq(dt_driver_unload(d), STATUS_SUCCESS);
    dt_run_for(DT_S(3));
    dt_expect_eq(ticks, before);
}

static void io_timer_stops_itself(void *ctx)
{
    (void)ctx;
    stop_inside = true;
    with_timer();
    IoStartTimer(drv.device);
    dt_run_for(DT_S(2));
}

static void io_timer_missing(void *ctx)
{
    (void)ctx;
    drv_reset();
    drv_load();
    IoStartTimer(drv.device);
}

static void io_timer_twice(void *ctx)
{
    (void)ctx;
    with_timer();
    (void)IoInitializeTimer(drv.device, io_tick, &ticks);
}

static void test_io_timer(void **state)
{
    (void)state;
    if (simulated())
        passes(io_timer);
    caught(io_timer_missing, "DT-T01", 0xD1);      /* IOT-009 */
    caught(io_timer_twice, NULL, 0xC9);            /* IOT-010 */
    caught(io_timer_stops_itself, "DT-L01", 0x0F); /* IOT-011 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_deferred),
        cmocka_unit_test(test_no_start_io),
        cmocka_unit_test(test_device_queue),
        cmocka_unit_test(test_io_timer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
