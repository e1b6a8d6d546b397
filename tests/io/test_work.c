/* SPDX-License-Identifier: MIT */
/* Work items and remove locks: WRK-001 .. WRK-030, LCK-071 .. LCK-082. */
#include "driver.h"

/* ---- ExQueueWorkItem ---- */

static struct {
    WORK_QUEUE_ITEM item[3];
    KEVENT          done, go;
    LONG            calls, order[3];
} w;

static VOID work(PVOID context)
{
    dt_expect_eq(KeGetCurrentIrql(), PASSIVE_LEVEL); /* WRK-014 */
    LONG n = InterlockedIncrement(&w.calls);

    w.order[n - 1] = (LONG)(LONG_PTR)context;
    if (n == 3)
        KeSetEvent(&w.done, IO_NO_INCREMENT, FALSE);
}

static void begin(void)
{
    memset(&w, 0, sizeof w);
    KeInitializeEvent(&w.done, NotificationEvent, FALSE);
    KeInitializeEvent(&w.go, NotificationEvent, FALSE);
    for (LONG_PTR i = 0; i < 3; i++)
        ExInitializeWorkItem(&w.item[i], work, (PVOID)i);
}

static void queued(void *ctx)
{
    (void)ctx;
    begin();
    for (int i = 0; i < 3; i++)
        ExQueueWorkItem(&w.item[i], DelayedWorkQueue);
    wait_for(&w.done);
    dt_expect_eq(w.calls, 3);
}

/* WRK-004: from DISPATCH_LEVEL, any queue. */
static void queued_at_dispatch(void *ctx)
{
    KIRQL old;

    (void)ctx;
    begin();
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    ExQueueWorkItem(&w.item[0], CriticalWorkQueue);
    ExQueueWorkItem(&w.item[1], (WORK_QUEUE_TYPE)(CustomPriorityWorkQueue + 9));
    ExQueueWorkItem(&w.item[2], BackgroundWorkQueue);
    KeLowerIrql(old);
    wait_for(&w.done);
}

static VOID again(PVOID context)
{
    if (InterlockedIncrement(&w.calls) < 3)
        ExQueueWorkItem(context, DelayedWorkQueue); /* WRK-005 */
    else
        KeSetEvent(&w.done, IO_NO_INCREMENT, FALSE);
}

static void requeued(void *ctx)
{
    (void)ctx;
    begin();
    ExInitializeWorkItem(&w.item[0], again, &w.item[0]);
    ExQueueWorkItem(&w.item[0], DelayedWorkQueue);
    wait_for(&w.done);
}

static VOID free_itself(PVOID context)
{
    ExFreePool(context); /* WRK-015 */
    KeSetEvent(&w.done, IO_NO_INCREMENT, FALSE);
}

static void frees_itself(void *ctx)
{
    PWORK_QUEUE_ITEM item = ExAllocatePoolWithTag(NonPagedPool, sizeof *item, 'tseT');

    (void)ctx;
    begin();
    ExInitializeWorkItem(item, free_itself, item);
    ExQueueWorkItem(item, DelayedWorkQueue);
    wait_for(&w.done);
}

static void test_queue(void **state)
{
    (void)state;
    passes(queued);
    always(queued, 2);
    passes(queued_at_dispatch);
    always(requeued, 1);
    always(frees_itself, 1);
}

static VOID block(PVOID context)
{
    (void)context;
    wait_for(&w.go); /* WRK-022 */
    if (InterlockedIncrement(&w.calls) == 2)
        KeSetEvent(&w.done, IO_NO_INCREMENT, FALSE);
}

/* WRK-021: a blocked worker does not keep the next item from running. */
static VOID release(PVOID context)
{
    (void)context;
    KeSetEvent(&w.go, IO_NO_INCREMENT, FALSE);
}

static void blocked(void *ctx)
{
    (void)ctx;
    begin();
    ExInitializeWorkItem(&w.item[0], block, NULL);
    ExInitializeWorkItem(&w.item[1], block, NULL);
    ExInitializeWorkItem(&w.item[2], release, NULL);
    for (int i = 0; i < 3; i++)
        ExQueueWorkItem(&w.item[i], DelayedWorkQueue);
    wait_for(&w.done);
}

static void test_blocked(void **state)
{
    (void)state;
    passes(blocked);
}

static void queue_twice(void *ctx)
{
    KIRQL old;

    (void)ctx;
    begin();
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    ExQueueWorkItem(&w.item[0], DelayedWorkQueue);
    ExQueueWorkItem(&w.item[0], DelayedWorkQueue);
    KeLowerIrql(old);
}

static void queue_nowhere(void *ctx)
{
    (void)ctx;
    begin();
    ExQueueWorkItem(&w.item[0], MaximumWorkQueue);
}

static VOID stay_raised(PVOID context)
{
    KIRQL old;

    (void)context;
    KeRaiseIrql(APC_LEVEL, &old);
}

static void returns_raised(void *ctx)
{
    (void)ctx;
    begin();
    ExInitializeWorkItem(&w.item[0], stay_raised, NULL);
    ExQueueWorkItem(&w.item[0], DelayedWorkQueue);
    until_caught();
}

static VOID stay_critical(PVOID context)
{
    (void)context;
    KeEnterCriticalRegion();
}

static void returns_critical(void *ctx)
{
    (void)ctx;
    begin();
    ExInitializeWorkItem(&w.item[0], stay_critical, NULL);
    ExQueueWorkItem(&w.item[0], DelayedWorkQueue);
    until_caught();
}

/* WRK-007, WRK-019, WRK-025, WRK-026 */
static void test_queue_misuse(void **state)
{
    (void)state;
    if (simulated()) /* in real time the first may run before the second is queued */
        caught(queue_twice, NULL, 0xE4);
    caught(queue_nowhere, NULL, 0xE4);
    caught(returns_raised, "DT-I09", 0xE1);
    caught(returns_critical, NULL, 0x01);
}

/* ---- I/O work items ---- */

static PIO_WORKITEM item;

static VOID io_work(PDEVICE_OBJECT device, PVOID context)
{
    dt_expect(device == drv.device && context == &w);
    dt_expect_eq(KeGetCurrentIrql(), PASSIVE_LEVEL);
    IoFreeWorkItem(item); /* WRK-005 */
    KeSetEvent(&w.done, IO_NO_INCREMENT, FALSE);
}

static VOID io_work_ex(PVOID object, PVOID context, PIO_WORKITEM own)
{
    dt_expect(object == drv.device && own == item); /* WRK-003 */
    IoFreeWorkItem(own);
    KeSetEvent(context, IO_NO_INCREMENT, FALSE);
}

static void io_item(void *ctx)
{
    (void)ctx;
    begin();
    drv_reset();
    dt_driver *d = drv_load();

    item = IoAllocateWorkItem(drv.device);
    IoQueueWorkItem(item, io_work, DelayedWorkQueue, &w);
    wait_for(&w.done);
    KeClearEvent(&w.done);
    item = IoAllocateWorkItem(drv.device);
    IoQueueWorkItemEx(item, io_work_ex, DelayedWorkQueue, &w.done);
    wait_for(&w.done);
    dt_expect_eq(dt_driver_unload(d), STATUS_SUCCESS);
}

/* WRK-012: unload waits for the item; its routine still finds the device. */
static VOID io_work_late(PDEVICE_OBJECT device, PVOID context)
{
    (void)context;
    sleep_ms(5);
    dt_expect(device->DriverObject != NULL && device->DeviceExtension == (PVOID)(device + 1));
    IoFreeWorkItem(item);
    InterlockedIncrement(&w.calls);
}

static void io_item_unload(void *ctx)
{
    (void)ctx;
    begin();
    drv_reset();
    dt_driver *d = drv_load();

    item = IoAllocateWorkItem(drv.device);
    IoQueueWorkItem(item, io_work_late, DelayedWorkQueue, NULL);
    dt_expect_eq(dt_driver_unload(d), STATUS_SUCCESS);
    dt_expect_eq(w.calls, 1);
}

static void io_item_freed_queued(void *ctx)
{
    KIRQL old;

    (void)ctx;
    drv_reset();
    drv_load();
    item = IoAllocateWorkItem(drv.device);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    IoQueueWorkItem(item, io_work_late, DelayedWorkQueue, NULL);
    IoFreeWorkItem(item);
    KeLowerIrql(old);
}

static void test_io_item(void **state)
{
    (void)state;
    always(io_item, 1);
    always(io_item_unload, 1);
    if (simulated())
        caught(io_item_freed_queued, NULL, 0xE4); /* WRK-008 */
}

/* WRK-013: nothing keeps the driver for an ExQueueWorkItem item. */
static VOID ex_late(PVOID context)
{
    (void)context;
    sleep_ms(simulated() ? 50 : 10000); /* the bug check ends it */
}

static void ex_item_unload(void *ctx)
{
    (void)ctx;
    begin();
    drv_reset();
    dt_driver *d = drv_load();

    ExInitializeWorkItem(&w.item[0], ex_late, NULL);
    ExQueueWorkItem(&w.item[0], DelayedWorkQueue);
    dt_driver_unload(d);
}

static void test_unload(void **state)
{
    (void)state;
    caught(ex_item_unload, NULL, 0xCE);
}

/* ---- remove locks ---- */

static struct {
    IO_REMOVE_LOCK lock;
    LONG           inside;
    bool           removed;
} r;

static void remove_lock(void *ctx)
{
    (void)ctx;
    memset(&r, 0, sizeof r);
    IoInitializeRemoveLock(&r.lock, 'tseT', 0, 0);
    for (LONG_PTR i = 0; i < 5; i++)
        dt_expect_eq(IoAcquireRemoveLock(&r.lock, (PVOID)i), STATUS_SUCCESS);
    for (LONG_PTR i = 4; i > 0; i--)
        IoReleaseRemoveLock(&r.lock, (PVOID)i);
    IoReleaseRemoveLockAndWait(&r.lock, NULL);
    dt_expect_eq(IoAcquireRemoveLock(&r.lock, NULL), STATUS_DELETE_PENDING); /* LCK-072 */
}

/* LCK-073, LCK-081: after the wait nobody is inside and nobody gets in, on every schedule. */
static void visitor(void *ctx)
{
    if (NT_SUCCESS(IoAcquireRemoveLock(&r.lock, ctx))) {
        InterlockedIncrement(&r.inside);
        dt_expect(!r.removed);
        InterlockedDecrement(&r.inside);
        IoReleaseRemoveLock(&r.lock, ctx);
    }
}

static void remover(void *ctx)
{
    (void)ctx;
    memset(&r, 0, sizeof r);
    IoInitializeRemoveLock(&r.lock, 'tseT', 0, 0);
    dt_expect_eq(IoAcquireRemoveLock(&r.lock, &r), STATUS_SUCCESS);
    dt_thread *t = dt_spawn(1, visitor, (void *)1);

    IoReleaseRemoveLockAndWait(&r.lock, &r);
    r.removed = true;
    dt_expect_eq(r.inside, 0);
    dt_join(t);
}

static void other_tag(void *ctx)
{
    (void)ctx;
    IoInitializeRemoveLock(&r.lock, 'tseT', 0, 0);
    (void)IoAcquireRemoveLock(&r.lock, &r);
    IoReleaseRemoveLock(&r.lock, &w);
}

static void release_after_failure(void *ctx)
{
    remove_lock(ctx);
    IoReleaseRemoveLock(&r.lock, NULL);
}

static void wait_without_acquire(void *ctx)
{
    (void)ctx;
    IoInitializeRemoveLock(&r.lock, 'tseT', 0, 0);
    IoReleaseRemoveLockAndWait(&r.lock, NULL);
}

static void initialized_while_held(void *ctx)
{
    (void)ctx;
    IoInitializeRemoveLock(&r.lock, 'tseT', 0, 0);
    (void)IoAcquireRemoveLock(&r.lock, &r);
    IoInitializeRemoveLock(&r.lock, 'tseT', 0, 0);
}

static void test_remove_lock(void **state)
{
    (void)state;
    passes(remove_lock); /* LCK-071 */
    always(remover, 3);
    caught(other_tag, "DT-L15", 0xC4);              /* LCK-075 */
    caught(release_after_failure, "DT-L15", 0xC4);  /* LCK-078, LCK-082 */
    caught(wait_without_acquire, "DT-L15", 0xC4);   /* LCK-074 */
    caught(initialized_while_held, "DT-L15", 0xC4); /* LCK-077 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_queue),
        cmocka_unit_test(test_blocked),
        cmocka_unit_test(test_queue_misuse),
        cmocka_unit_test(test_io_item),
        cmocka_unit_test(test_unload),
        cmocka_unit_test(test_remove_lock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
