/* SPDX-License-Identifier: MIT */
/* Memory that goes while somebody uses it, and requests that nobody completes: said as what it is. KTM, DPC, SPL, SIO. */
#include "driver.h"

typedef struct {
    KSPIN_LOCK lock;
    LONG       count;
    PVOID      self;
} EXTENSION;

static struct {
    EXTENSION *x;
    KDPC       dpc;
    KEVENT     inside;
} s;

static dt_driver *load(void)
{
    memset(&s, 0, sizeof s);
    drv_reset();
    dt_driver *d = drv_load();

    s.x = drv.device->DeviceExtension;
    s.x->self = s.x;
    KeInitializeSpinLock(&s.x->lock);
    KeInitializeEvent(&s.inside, NotificationEvent, FALSE);
    return d;
}

static VOID uses_extension(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    EXTENSION *x = context;

    (void)dpc, (void)a, (void)b;
    KeSetEvent(&s.inside, IO_NO_INCREMENT, FALSE);
    KeAcquireSpinLockAtDpcLevel(&x->lock);
    x->count++;
    KeReleaseSpinLockFromDpcLevel(&x->lock);
}

/* KTM-075: the routine has said that it is in, not that it is done. */
static void dpc_beside_delete(void *ctx)
{
    (void)ctx;
    dt_driver *d = load();

    KeInitializeDpc(&s.dpc, uses_extension, s.x);
    KeSetTargetProcessorDpc(&s.dpc, 1);
    KeSetImportanceDpc(&s.dpc, HighImportance);
    KeInsertQueueDpc(&s.dpc, NULL, NULL);
    wait_for(&s.inside);
    dt_driver_unload(d);
}

/* A thread that knows nothing of the end of the device: no routine of the system is to blame. */
static void locks(void *ctx)
{
    KIRQL old;

    KeAcquireSpinLock(ctx, &old);
    KeReleaseSpinLock(ctx, old);
}

static void thread_after_delete(void *ctx)
{
    (void)ctx;
    dt_driver *d = load();

    dt_driver_unload(d);
    locks(&s.x->lock);
}

static void queued_lock_after_delete(void *ctx)
{
    KLOCK_QUEUE_HANDLE handle;

    (void)ctx;
    dt_driver *d = load();

    dt_driver_unload(d);
    KeAcquireInStackQueuedSpinLock(&s.x->lock, &handle);
}

static void released_after_free(void *ctx)
{
    PKSPIN_LOCK lock = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *lock, 'kcoL');
    KIRQL       old;

    (void)ctx;
    KeInitializeSpinLock(lock);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    ExFreePoolWithTag(lock, 'kcoL');
    KeReleaseSpinLock(lock, old);
}

static void event_after_free(void *ctx)
{
    PKEVENT event = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *event, 'tnvE');

    (void)ctx;
    KeInitializeEvent(event, NotificationEvent, FALSE);
    ExFreePoolWithTag(event, 'tnvE');
    KeSetEvent(event, IO_NO_INCREMENT, FALSE);
}

/* Somebody still waits for the lock when its memory goes, unlocked. */
static void spins(void *ctx)
{
    KIRQL old;

    KeSetEvent(&s.inside, IO_NO_INCREMENT, FALSE);
    KeAcquireSpinLock(ctx, &old);
    KeReleaseSpinLock(ctx, old);
}

static void delete_under_spinner(void *ctx)
{
    PKSPIN_LOCK lock = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *lock, 'kcoL');
    KIRQL       old;

    (void)ctx;
    KeInitializeEvent(&s.inside, NotificationEvent, FALSE);
    KeInitializeSpinLock(lock);
    KeAcquireSpinLock(lock, &old);
    dt_spawn(1, spins, lock);
    KeStallExecutionProcessor(1);
    KeReleaseSpinLock(lock, old);
    ExFreePoolWithTag(lock, 'kcoL');
    dt_join_all();
}

/* The repaired twins. */
static void flush_before_delete(void *ctx)
{
    (void)ctx;
    dt_driver *d = load();

    KeInitializeDpc(&s.dpc, uses_extension, s.x);
    KeSetTargetProcessorDpc(&s.dpc, 1);
    KeInsertQueueDpc(&s.dpc, NULL, NULL);
    wait_for(&s.inside);
    KeFlushQueuedDpcs();
    dt_expect_eq(dt_driver_unload(d), STATUS_SUCCESS);
}

static void join_before_free(void *ctx)
{
    PKSPIN_LOCK lock = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *lock, 'kcoL');
    KIRQL       old;

    (void)ctx;
    KeInitializeEvent(&s.inside, NotificationEvent, FALSE);
    KeInitializeSpinLock(lock);
    KeAcquireSpinLock(lock, &old);
    dt_spawn(1, spins, lock);
    KeStallExecutionProcessor(1);
    KeReleaseSpinLock(lock, old);
    dt_join_all();
    ExFreePoolWithTag(lock, 'kcoL');
}

static void test_locks(void **state)
{
    (void)state;
    always(flush_before_delete, 1);
    found(delete_under_spinner, 2, "DT-L11", 0xC4);
    always(join_before_free, 1);
    if (SANITIZED)
        return;
    found(dpc_beside_delete, 2, "DT-T05", 0);
    caught(thread_after_delete, "DT-T05", 0);
    caught(queued_lock_after_delete, "DT-T05", ANY_CODE);
    caught(released_after_free, "DT-T05", ANY_CODE);
}

static void test_objects(void **state)
{
    struct dt_config cfg = config(1);
    struct dt_result r;

    (void)state;
    if (SANITIZED)
        skip();
    caught(event_after_free, "DT-W03", ANY_CODE);
    if (!simulated())
        return;
    dt_run(&cfg, event_after_free, NULL, &r);
    assert_non_null(strstr(r.finding.what, "freed"));
}

/* ---- requests that are never completed ---- */

static NTSTATUS forget(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoMarkIrpPending(irp);
    return STATUS_PENDING;
}

static void waits_for_ever(void *ctx)
{
    (void)ctx;
    load();
    drv.control = forget;
    dt_ioctl(drv_open(), IOCTL_TEST, NULL, 0, NULL, 0, NULL);
}

static void unloaded_with_request(void *ctx)
{
    (void)ctx;
    dt_driver *d = load();

    drv.control = forget;
    dt_file *f = drv_open();

    dt_ioctl_start(f, IOCTL_TEST, NULL, 0, NULL, 0);
    dt_close(f);
    dt_driver_unload(d);
}

static void left_at_the_end(void *ctx)
{
    (void)ctx;
    load();
    drv.control = forget;
    dt_ioctl_start(drv_open(), IOCTL_TEST, NULL, 0, NULL, 0);
}

static void told_with_line(dt_body *body, const char *rule)
{
    struct dt_config cfg = config(2);
    struct dt_result r;

    caught(body, rule, 0);
    if (!simulated())
        return;
    dt_run(&cfg, body, NULL, &r);
    if (!strstr(r.finding.where, "drv_control"))
        fail_msg("%s at %s", r.finding.what, r.finding.where);
}

static void test_requests(void **state)
{
    (void)state;
    told_with_line(unloaded_with_request, "DT-Q02");
    told_with_line(left_at_the_end, "DT-Q02");
    if (simulated()) /* nothing tells threads that nobody else will come */
        told_with_line(waits_for_ever, "DT-L17");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_locks),
        cmocka_unit_test(test_objects),
        cmocka_unit_test(test_requests),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
