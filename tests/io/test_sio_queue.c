/* SPDX-License-Identifier: MIT */
/* Device queues: by key, busy and idle, on two processors, and as a second queue beside the device's own. SIO. */
#include "driver.h"

static struct {
    KDEVICE_QUEUE       q;
    KDEVICE_QUEUE_ENTRY e[6];
    LONG                served, inside;
} s;

static void begin(void)
{
    memset(&s, 0, sizeof s);
    KeInitializeDeviceQueue(&s.q);
}

static unsigned number(PKDEVICE_QUEUE_ENTRY e)
{
    return (unsigned)(e - s.e);
}

/* SIO-028 */
static void initialized(void *ctx)
{
    (void)ctx;
    memset(&s, 0xff, sizeof s);
    KeInitializeDeviceQueue(&s.q);
    dt_expect_eq(s.q.Type, 20);
    dt_expect_eq(s.q.Size, sizeof(KDEVICE_QUEUE));
    dt_expect(!s.q.Busy && IsListEmpty(&s.q.DeviceListHead));
}

/* SIO-029: FALSE means "was not busy": the caller has the entry. SIO-030: busy, though empty. SIO-032. */
static void busy_and_idle(void *ctx)
{
    KIRQL old;

    (void)ctx;
    begin();
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    for (int round = 0; round < 2; round++) {
        dt_expect(!KeInsertDeviceQueue(&s.q, &s.e[0]));
        dt_expect(s.q.Busy && !s.e[0].Inserted && IsListEmpty(&s.q.DeviceListHead));
        dt_expect(KeInsertDeviceQueue(&s.q, &s.e[1]) && s.e[1].Inserted); /* SIO-030 */
        dt_expect(KeInsertDeviceQueue(&s.q, &s.e[2]));
        dt_expect(KeRemoveDeviceQueue(&s.q) == &s.e[1] && !s.e[1].Inserted); /* SIO-032: the head */
        dt_expect(KeRemoveDeviceQueue(&s.q) == &s.e[2]);
        dt_expect(s.q.Busy);
        dt_expect(KeRemoveDeviceQueue(&s.q) == NULL);
        dt_expect(!s.q.Busy);
    }
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeLowerIrql(old);
}

/* SIO-031: behind its equals. SIO-033: the first that is not below the key, else the first; empty: idle. */
static void by_key(void *ctx)
{
    static const ULONG    keys[] = {0, 20, 10, 20, 30};
    static const unsigned order[] = {2, 1, 3, 4};
    KIRQL                 old;

    (void)ctx;
    begin();
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    dt_expect(!KeInsertByKeyDeviceQueue(&s.q, &s.e[0], 99));
    for (unsigned i = 1; i < 5; i++)
        dt_expect(KeInsertByKeyDeviceQueue(&s.q, &s.e[i], keys[i]));
    for (unsigned i = 0; i < 4; i++) {
        PKDEVICE_QUEUE_ENTRY e = KeRemoveDeviceQueue(&s.q);

        dt_expect_eq(number(e), order[i]);
        dt_expect(KeInsertDeviceQueue(&s.q, e)); /* at the end, so that the order comes round */
    }
    dt_expect_eq(number(KeRemoveByKeyDeviceQueue(&s.q, 20)), 1);
    dt_expect_eq(number(KeRemoveByKeyDeviceQueue(&s.q, 21)), 4);
    dt_expect_eq(number(KeRemoveByKeyDeviceQueue(&s.q, 31)), 2); /* none: from the start */
    dt_expect_eq(number(KeRemoveByKeyDeviceQueue(&s.q, 0)), 3);
    dt_expect(KeRemoveByKeyDeviceQueue(&s.q, 0) == NULL && !s.q.Busy);
    KeLowerIrql(old);
}

static void test_contract(void **state)
{
    (void)state;
    passes(initialized);
    passes(busy_and_idle);
    passes(by_key);
}

/* ---- SIO-034: a queue that is not busy has nothing to give ---- */

static void remove_idle(void *ctx)
{
    KIRQL old;

    (void)ctx;
    begin();
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeRemoveDeviceQueue(&s.q);
}

static void remove_idle_by_key(void *ctx)
{
    KIRQL old;

    (void)ctx;
    begin();
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeInsertDeviceQueue(&s.q, &s.e[0]);
    KeRemoveDeviceQueue(&s.q); /* idle now */
    KeRemoveByKeyDeviceQueue(&s.q, 1);
}

static void test_not_busy(void **state)
{
    (void)state;
    caught_params(remove_idle, NULL, 0x02, (uintptr_t)&s.q, ANY_PARAM);
    caught_params(remove_idle_by_key, NULL, 0x02, (uintptr_t)&s.q, ANY_PARAM);
}

/* ---- SIO-037: on several processors ---- */

/* As a driver does that has a queue of its own: at most one entry is served at a time, and none is lost. */
static void serve(PKDEVICE_QUEUE_ENTRY e)
{
    while (e) {
        dt_expect_eq(InterlockedIncrement(&s.inside), 1);
        InterlockedIncrement(&s.served);
        InterlockedDecrement(&s.inside);
        e = KeRemoveDeviceQueue(&s.q);
    }
}

static void producer(void *ctx)
{
    PKDEVICE_QUEUE_ENTRY first = ctx;
    KIRQL                old;

    KeRaiseIrql(DISPATCH_LEVEL, &old);
    for (unsigned i = 0; i < 2; i++)
        if (!KeInsertDeviceQueue(&s.q, &first[i]))
            serve(&first[i]);
    KeLowerIrql(old);
}

static void two_producers(void *ctx)
{
    (void)ctx;
    begin();
    dt_spawn(1, producer, &s.e[0]);
    producer(&s.e[2]);
    dt_join_all();
    dt_expect_eq(s.served, 4);
    dt_expect(!s.q.Busy && IsListEmpty(&s.q.DeviceListHead));
}

static void test_two_processors(void **state)
{
    (void)state;
    always(two_producers, 2);
}

/* ---- SIO-038: a device with two units behind one controller ---- */

enum { UNITS = 2, IRPS = 4 };

static struct {
    KDEVICE_QUEUE unit[UNITS];
    LONG          started[UNITS], completed, running;
    KTIMER        timer;
    KDPC          dpc;
} u;

static ULONG unit_of(PIRP irp)
{
    return *(ULONG *)irp->AssociatedIrp.SystemBuffer;
}

static PIRP irp_of(PKDEVICE_QUEUE_ENTRY e)
{
    return CONTAINING_RECORD(e, IRP, Tail.Overlay.DeviceQueueEntry);
}

/* The controller runs one transfer at a time, each unit has at most one in the controller's queue. */
static VOID start_transfer(PDEVICE_OBJECT device, PIRP irp)
{
    dt_expect(device->CurrentIrp == irp);
    dt_expect_eq(InterlockedIncrement(&u.running), 1);
    InterlockedIncrement(&u.started[unit_of(irp)]);
    KeSetTimer(&u.timer, in_ms(1), &u.dpc);
}

/* Microsoft's order: the controller's next packet, this unit's next, complete. */
static VOID transfer_done(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    PDEVICE_OBJECT device = context;
    PIRP           irp = device->CurrentIrp;
    ULONG          unit = unit_of(irp);

    (void)dpc, (void)a, (void)b;
    InterlockedDecrement(&u.running);
    IoStartNextPacket(device, FALSE);
    PKDEVICE_QUEUE_ENTRY next = KeRemoveDeviceQueue(&u.unit[unit]);

    if (next)
        IoStartPacket(device, irp_of(next), NULL, NULL);
    InterlockedIncrement(&u.completed);
    complete(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS submit(PDEVICE_OBJECT device, PIRP irp)
{
    KIRQL old;

    IoMarkIrpPending(irp);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    if (!KeInsertDeviceQueue(&u.unit[unit_of(irp)], &irp->Tail.Overlay.DeviceQueueEntry))
        IoStartPacket(device, irp, NULL, NULL);
    KeLowerIrql(old);
    return STATUS_PENDING;
}

static void two_units(void *ctx)
{
    static const ULONG unit[IRPS] = {0, 0, 1, 0};
    dt_io             *io[IRPS];

    (void)ctx;
    memset(&u, 0, sizeof u);
    drv_reset();
    drv.control = submit;
    drv.start_io = start_transfer;
    dt_driver *d = drv_load();

    for (unsigned i = 0; i < UNITS; i++)
        KeInitializeDeviceQueue(&u.unit[i]);
    KeInitializeTimer(&u.timer);
    KeInitializeDpc(&u.dpc, transfer_done, drv.device);
    dt_file *f = drv_open();

    for (unsigned i = 0; i < IRPS; i++)
        io[i] = dt_ioctl_start(f, IOCTL_TEST, &unit[i], sizeof(ULONG), NULL, 0);
    for (unsigned i = 0; i < IRPS; i++) {
        dt_expect_eq(dt_io_wait(io[i], DT_NEVER), STATUS_SUCCESS);
        dt_io_free(io[i]);
    }
    dt_expect(u.started[0] == 3 && u.started[1] == 1);
    dt_expect_eq(u.completed, IRPS);
    dt_expect(!u.unit[0].Busy && !u.unit[1].Busy && !drv.device->DeviceQueue.Busy);
    drv_close(d, f);
}

static void test_units(void **state)
{
    (void)state;
    passes(two_units);
    always(two_units, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contract),
        cmocka_unit_test(test_not_busy),
        cmocka_unit_test(test_two_processors),
        cmocka_unit_test(test_units),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
