/* SPDX-License-Identifier: MIT */
/* Work items used wrongly: WRK-007 .. WRK-011, WRK-013, WRK-017, WRK-019, WRK-020, WRK-024 .. WRK-029. */
#include "driver.h"

#define TAG 'tseT'

static struct {
    PIO_WORKITEM     io;
    PWORK_QUEUE_ITEM item;
    WORK_QUEUE_ITEM  own;
    KEVENT           done;
    KMUTEX           mutex;
    LONG             calls;
} s;

static void begin(void)
{
    memset(&s, 0, sizeof s);
    KeInitializeEvent(&s.done, NotificationEvent, FALSE);
    KeInitializeMutex(&s.mutex, 0);
}

static void load(void)
{
    begin();
    drv_reset();
    drv_load();
}

static VOID nothing(PVOID context)
{
    (void)context;
    KeSetEvent(&s.done, IO_NO_INCREMENT, FALSE);
}

static VOID io_nothing(PDEVICE_OBJECT device, PVOID context)
{
    (void)device;
    nothing(context);
}

/* Bug check 0xE4 with this first parameter; simulated only, where a worker cannot be quicker. */
static void worker_invalid(dt_body *body, uint64_t kind)
{
    struct dt_config cfg = config(2);
    struct dt_result r = {0};

    if (!simulated())
        return;
    assert_int_equal(dt_run(&cfg, body, NULL, &r), 0);
    assert_finding(&r, NULL, 0xE4);
    assert_int_equal(r.finding.param[0], kind);
}

/* ---- WRK-007: queued while it is queued ---- */

static void queued_twice(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin();
    ExInitializeWorkItem(&s.own, nothing, NULL);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    ExQueueWorkItem(&s.own, DelayedWorkQueue);
    ExQueueWorkItem(&s.own, DelayedWorkQueue);
    KeLowerIrql(irql);
}

static void io_queued_twice(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    load();
    s.io = IoAllocateWorkItem(drv.device);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    IoQueueWorkItem(s.io, io_nothing, DelayedWorkQueue, NULL);
    IoQueueWorkItem(s.io, io_nothing, DelayedWorkQueue, NULL);
    KeLowerIrql(irql);
}

static void queued_in_turn(void *ctx)
{
    (void)ctx;
    begin();
    ExInitializeWorkItem(&s.own, nothing, NULL);
    for (int i = 0; i < 2; i++) {
        KeClearEvent(&s.done);
        ExQueueWorkItem(&s.own, DelayedWorkQueue);
        wait_for(&s.done);
    }
}

/* ---- WRK-008: freed while it is queued ---- */

static void freed_queued(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin();
    s.item = ExAllocatePoolWithTag(NonPagedPool, sizeof *s.item, TAG);
    ExInitializeWorkItem(s.item, nothing, NULL);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    ExQueueWorkItem(s.item, DelayedWorkQueue);
    ExFreePoolWithTag(s.item, TAG);
    KeLowerIrql(irql);
}

static void io_gone_queued(void (*end)(PIO_WORKITEM item))
{
    KIRQL irql;

    load();
    s.io = ExAllocatePoolWithTag(NonPagedPool, IoSizeofWorkItem(), TAG);
    IoInitializeWorkItem(drv.device, s.io);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    IoQueueWorkItem(s.io, io_nothing, DelayedWorkQueue, NULL);
    end(s.io);
    KeLowerIrql(irql);
}

static void io_uninitialized_queued(void *ctx)
{
    (void)ctx;
    io_gone_queued(IoUninitializeWorkItem);
}

static void io_freed_queued(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    load();
    s.io = IoAllocateWorkItem(drv.device);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    IoQueueWorkItem(s.io, io_nothing, DelayedWorkQueue, NULL);
    IoFreeWorkItem(s.io);
    KeLowerIrql(irql);
}

/* ---- WRK-009: initialized wrongly ---- */

static void allocated_and_initialized(void *ctx)
{
    (void)ctx;
    load();
    s.io = IoAllocateWorkItem(drv.device);
    IoInitializeWorkItem(drv.device, s.io);
}

static void for_no_object(void *ctx)
{
    (void)ctx;
    load();
    s.io = ExAllocatePoolWithTag(NonPagedPool, IoSizeofWorkItem(), TAG);
    IoInitializeWorkItem(&s.done, s.io);
}

/* ---- WRK-019: no such queue, no routine ---- */

static void no_queue(void *ctx)
{
    (void)ctx;
    begin();
    ExInitializeWorkItem(&s.own, nothing, NULL);
    ExQueueWorkItem(&s.own, MaximumWorkQueue);
}

static void no_custom_queue(unsigned type)
{
    begin();
    ExInitializeWorkItem(&s.own, nothing, NULL);
    ExQueueWorkItem(&s.own, (WORK_QUEUE_TYPE)type);
}

static void below_custom_queues(void *ctx)
{
    (void)ctx;
    no_custom_queue(CustomPriorityWorkQueue - 1);
}

static void above_custom_queues(void *ctx)
{
    (void)ctx;
    no_custom_queue(CustomPriorityWorkQueue + 32);
}

static void no_routine(void *ctx)
{
    (void)ctx;
    begin();
    ExInitializeWorkItem(&s.own, NULL, NULL);
    ExQueueWorkItem(&s.own, DelayedWorkQueue);
}

static void test_worker_invalid(void **state)
{
    (void)state;
    worker_invalid(queued_twice, 1);
    worker_invalid(io_queued_twice, 1);
    always(queued_in_turn, 2);
    worker_invalid(freed_queued, 0);
    worker_invalid(io_uninitialized_queued, 2);
    worker_invalid(io_freed_queued, 2);
    worker_invalid(allocated_and_initialized, 3);
    worker_invalid(for_no_object, 3);
    worker_invalid(no_queue, 6);
    worker_invalid(below_custom_queues, 6);
    worker_invalid(above_custom_queues, 6);
    worker_invalid(no_routine, 7);
    caught(no_queue, NULL, 0xE4);
    caught(no_routine, NULL, 0xE4);
}

/* ---- WRK-010, WRK-011: storage ---- */

static void storage(bool uninitialize, ULONG missing)
{
    begin();
    drv_reset();
    dt_driver *d = drv_load();

    s.io = ExAllocatePoolWithTag(NonPagedPool, IoSizeofWorkItem() - missing, TAG);
    IoInitializeWorkItem(drv.device, s.io);
    IoQueueWorkItem(s.io, io_nothing, DelayedWorkQueue, NULL);
    wait_for(&s.done);
    if (uninitialize)
        IoUninitializeWorkItem(s.io);
    ExFreePoolWithTag(s.io, TAG);
    dt_driver_unload(d);
}

static void freed_initialized(void *ctx)
{
    (void)ctx;
    storage(false, 0);
}

static void freed_uninitialized(void *ctx)
{
    (void)ctx;
    storage(true, 0);
}

static void too_small(void *ctx)
{
    (void)ctx;
    storage(true, 1);
}

static void test_storage(void **state)
{
    (void)state;
    caught(freed_initialized, "DT-K02", 0);
    passes(freed_uninitialized);
    if (!SANITIZED) /* else the sanitizer stops it at the first byte */
        caught(too_small, NULL, 0x19);
}

/* ---- WRK-017, WRK-020: queue types that are not for drivers ---- */

static void queue_as(unsigned type)
{
    begin();
    ExInitializeWorkItem(&s.own, nothing, NULL);
    ExQueueWorkItem(&s.own, (WORK_QUEUE_TYPE)type);
    wait_for(&s.done);
}

static void too_urgent(void *ctx)
{
    (void)ctx;
    queue_as(CustomPriorityWorkQueue + 17);
}

static void reserved(void *ctx)
{
    (void)ctx;
    queue_as(HyperCriticalWorkQueue);
}

static void io_queue_as(unsigned type)
{
    begin();
    drv_reset();
    dt_driver *d = drv_load();

    s.io = IoAllocateWorkItem(drv.device);
    IoQueueWorkItem(s.io, io_nothing, (WORK_QUEUE_TYPE)type, NULL);
    wait_for(&s.done);
    IoFreeWorkItem(s.io);
    dt_driver_unload(d);
}

static void io_critical(void *ctx)
{
    (void)ctx;
    io_queue_as(CriticalWorkQueue);
}

static void io_custom(void *ctx)
{
    (void)ctx;
    io_queue_as(CustomPriorityWorkQueue + 10);
}

static void test_types(void **state)
{
    (void)state;
    caught(too_urgent, "DT-K01", 0);
    caught(reserved, "DT-K01", 0);
    caught(io_critical, "DT-K01", 0);
    passes(io_custom);
}

/* ---- WRK-024: waiting for one's own item with the lock that it needs ---- */

static VOID takes_mutex(PVOID context)
{
    wait_for(&s.mutex);
    KeReleaseMutex(&s.mutex, FALSE);
    nothing(context);
}

static void wait_for_own_item(bool holding)
{
    begin();
    ExInitializeWorkItem(&s.own, takes_mutex, NULL);
    wait_for(&s.mutex);
    ExQueueWorkItem(&s.own, DelayedWorkQueue);
    if (!holding)
        KeReleaseMutex(&s.mutex, FALSE);
    wait_for(&s.done);
    if (holding)
        KeReleaseMutex(&s.mutex, FALSE);
}

static void waits_holding(void *ctx)
{
    (void)ctx;
    wait_for_own_item(true);
}

static void waits_free(void *ctx)
{
    (void)ctx;
    wait_for_own_item(false);
}

static void test_own_item(void **state)
{
    (void)state;
    if (simulated())
        caught(waits_holding, "DT-L17", 0);
    always(waits_free, 2);
}

/* ---- WRK-025, WRK-026, WRK-027: what a routine leaves behind ---- */

static VOID stays_raised(PVOID context)
{
    KIRQL irql;

    (void)context;
    KeRaiseIrql(APC_LEVEL, &irql);
}

static VOID stays_critical(PVOID context)
{
    (void)context;
    KeEnterCriticalRegion();
}

static VOID keeps_mutex(PVOID context)
{
    (void)context;
    wait_for(&s.mutex);
}

static void run_routine(PWORKER_THREAD_ROUTINE routine)
{
    begin();
    ExInitializeWorkItem(&s.own, routine, &s);
    ExQueueWorkItem(&s.own, DelayedWorkQueue);
    wait_ms(&s.done, simulated() ? 100 : 10000); /* the bug check ends it */
}

static void leaves_raised(void *ctx)
{
    (void)ctx;
    run_routine(stays_raised);
}

static void leaves_critical(void *ctx)
{
    (void)ctx;
    run_routine(stays_critical);
}

static void leaves_owning(void *ctx)
{
    (void)ctx;
    run_routine(keeps_mutex);
}

static void test_left_behind(void **state)
{
    struct dt_config cfg = config(2);
    struct dt_result r = {0};

    (void)state;
    caught(leaves_raised, "DT-I09", 0xE1);
    caught(leaves_critical, "DT-W15", 0x01);
    caught(leaves_owning, "DT-W07", 0x39);
    if (!simulated())
        return;
    assert_int_equal(dt_run(&cfg, leaves_raised, NULL, &r), 0);
    assert_true(r.finding.param[0] == (uintptr_t)stays_raised && r.finding.param[1] == APC_LEVEL);
    assert_true(r.finding.param[2] == (uintptr_t)&s && r.finding.param[3] == (uintptr_t)&s.own);
    assert_int_equal(dt_run(&cfg, leaves_critical, NULL, &r), 0);
    assert_true(r.finding.param[0] == (uintptr_t)stays_critical && r.finding.param[3] == 1);
}

/* ---- WRK-028: pageable ---- */

static void in_paged_pool(void *ctx)
{
    (void)ctx;
    begin();
    s.item = ExAllocatePoolWithTag(PagedPool, sizeof *s.item, TAG);
    ExInitializeWorkItem(s.item, nothing, NULL);
    ExQueueWorkItem(s.item, DelayedWorkQueue);
}

/* ---- WRK-029: long ---- */

static VOID takes_long(PVOID context)
{
    sleep_ms(11000);
    nothing(context);
}

static void long_routine(void *ctx)
{
    (void)ctx;
    begin();
    ExInitializeWorkItem(&s.own, takes_long, NULL);
    ExQueueWorkItem(&s.own, DelayedWorkQueue);
    wait_for(&s.done);
    sleep_ms(1);
}

static void test_pageable_and_long(void **state)
{
    (void)state;
    caught(in_paged_pool, "DT-I10", 0xC4);
    if (simulated())
        caught(long_routine, "DT-K03", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_worker_invalid),
        cmocka_unit_test(test_storage),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_own_item),
        cmocka_unit_test(test_left_behind),
        cmocka_unit_test(test_pageable_and_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
