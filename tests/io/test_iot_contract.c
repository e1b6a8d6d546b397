/* SPDX-License-Identifier: MIT */
/* IoTimer: when and with what it is called, several devices, stopping it while it runs, the watchdog of the documents. IOT. */
#include "driver.h"

#define VECTOR 0x51
#define DIRQL  5

typedef struct {
    LONG ticks;
} EXTENSION;

static struct {
    LONG           ticks, other_ticks, inside;
    PDEVICE_OBJECT other;
    dt_ns          first, started;
    bool           from_routine, long_routine, waits, paged, touches;
    PVOID          context;
    KEVENT         never;
    KSPIN_LOCK    *lock;
} s;

static bool ran_beside_stop;

static IO_TIMER_ROUTINE on_second;

/* IOT-003 */
static VOID on_second(PDEVICE_OBJECT device, PVOID context)
{
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    dt_expect(context == s.context);
    if (device == s.other) {
        s.other_ticks++;
        return;
    }
    dt_expect(device == drv.device);
    s.inside = 1;
    if (s.ticks++ == 0)
        s.first = dt_now();
    if (s.from_routine)
        IoStartTimer(device);
    if (s.long_routine)
        for (int i = 0; i < 4; i++)
            KeStallExecutionProcessor(40);
    if (s.waits)
        wait_ms(&s.never, 10);
    if (s.paged)
        PAGED_CODE();
    if (s.touches) {
        KeStallExecutionProcessor(1);
        KeAcquireSpinLockAtDpcLevel(s.lock);
        KeReleaseSpinLockFromDpcLevel(s.lock);
    }
    KeStallExecutionProcessor(1);
    s.inside = 0;
}

static dt_driver *load(void)
{
    memset(&s, 0, sizeof s);
    drv_reset();
    dt_driver *d = drv_load();

    s.context = &s;
    KeInitializeEvent(&s.never, NotificationEvent, FALSE);
    dt_expect_eq(IoInitializeTimer(drv.device, on_second, &s), STATUS_SUCCESS);
    return d;
}

static void unload(dt_driver *d)
{
    dt_expect_eq(dt_driver_unload(d), STATUS_SUCCESS);
}

/* IOT-002, IOT-004, IOT-005. The start is not on a second's boundary. */
static void about_once_a_second(void *ctx)
{
    (void)ctx;
    dt_driver *d = load();

    dt_run_for(DT_MS(2300));
    dt_expect_eq(s.ticks, 0); /* IOT-002 */
    s.started = dt_now();
    IoStartTimer(drv.device);
    dt_run_for(DT_S(10));
    dt_expect(s.ticks >= 9 && s.ticks <= 11);              /* IOT-004 */
    dt_expect(s.first - s.started <= DT_S(1) + DT_MS(20)); /* IOT-005: and a tick of the clock */
    IoStopTimer(drv.device);
    unload(d);
}

/* IOT-005: a timer started while another one ticks has its first call with the next tick, before its second is over. */
static void between_ticks(void *ctx)
{
    PDEVICE_OBJECT other;

    (void)ctx;
    dt_driver *d = load();

    dt_expect_eq(
        IoCreateDevice(drv.device->DriverObject, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &other), STATUS_SUCCESS);
    s.other = other;
    dt_expect_eq(IoInitializeTimer(other, on_second, &s), STATUS_SUCCESS);
    IoStartTimer(other);
    dt_run_for(DT_MS(600));
    s.started = dt_now();
    IoStartTimer(drv.device);
    dt_run_for(DT_MS(900));
    dt_expect(s.ticks >= 1 && s.first - s.started < DT_S(1));
    IoStopTimer(other);
    IoDeleteDevice(other);
    IoStopTimer(drv.device);
    unload(d);
}

/* IOT-013: the same routine for two devices, each started and stopped on its own. */
static void two_devices(void *ctx)
{
    PDEVICE_OBJECT other;

    (void)ctx;
    dt_driver *d = load();

    dt_expect_eq(
        IoCreateDevice(drv.device->DriverObject, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &other), STATUS_SUCCESS);
    s.other = other;
    dt_expect_eq(IoInitializeTimer(other, on_second, &s), STATUS_SUCCESS);
    IoStartTimer(other);
    dt_run_for(DT_MS(2500));
    dt_expect(s.other_ticks >= 2 && s.ticks == 0);
    IoStartTimer(drv.device);
    dt_run_for(DT_MS(2500));
    IoStopTimer(other);
    LONG others = s.other_ticks, mine = s.ticks;

    dt_expect(mine >= 2 && others >= 4);
    dt_run_for(DT_MS(2500));
    dt_expect(s.other_ticks == others && s.ticks > mine);
    IoDeleteDevice(other);
    IoStopTimer(drv.device);
    unload(d);
}

static VOID stops_the_other(PDEVICE_OBJECT device, PVOID context)
{
    s.ticks++;
    if (device != context)
        IoStopTimer(context);
}

/* IOT-015: stopped when it is due, but has not been called. */
static void stopped_while_due(void *ctx)
{
    PDEVICE_OBJECT other;

    (void)ctx;
    dt_driver *d = load();

    dt_expect_eq(
        IoCreateDevice(drv.device->DriverObject, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &other), STATUS_SUCCESS);
    PDEVICE_OBJECT last;

    dt_expect_eq(
        IoCreateDevice(drv.device->DriverObject, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &last), STATUS_SUCCESS);
    dt_expect_eq(IoInitializeTimer(other, stops_the_other, last), STATUS_SUCCESS);
    dt_expect_eq(IoInitializeTimer(last, stops_the_other, last), STATUS_SUCCESS);
    IoStartTimer(other);
    IoStartTimer(last);
    dt_run_for(DT_MS(1500));
    dt_expect_eq(s.ticks, 1);
    IoStopTimer(other);
    IoDeleteDevice(other);
    IoDeleteDevice(last);
    unload(d);
}

/* IOT-014: no call afterwards; that it was not stopped before is told (DT-T04). */
static void deleted(void *ctx)
{
    PDEVICE_OBJECT other;

    dt_driver *d = load();

    dt_expect_eq(
        IoCreateDevice(drv.device->DriverObject, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &other), STATUS_SUCCESS);
    s.other = other;
    dt_expect_eq(IoInitializeTimer(other, on_second, &s), STATUS_SUCCESS);
    IoStartTimer(other);
    dt_run_for(DT_MS(1500));
    if (*(const bool *)ctx)
        IoStopTimer(other);
    IoDeleteDevice(other);
    KeFlushQueuedDpcs(); /* a call that had begun has ended */
    LONG before = s.ticks + s.other_ticks;

    dt_run_for(DT_MS(2500));
    dt_expect_eq(s.ticks + s.other_ticks, before);
    unload(d);
}

static void test_deleted(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        bool             stopped = i != 0;
        struct dt_result r = {0};
        struct dt_config cfg = config(2);

        assert_int_equal(dt_run(&cfg, deleted, &stopped, &r), 0);
        assert_int_equal(r.verdict, DT_PASS);
        assert_int_equal(r.warnings, stopped ? 0 : 1);
        assert_string_equal(r.finding.rule, stopped ? "" : "DT-T04");
    }
}

/* IOT-007 */
static void at_dispatch(void *ctx)
{
    KIRQL old;

    (void)ctx;
    dt_driver *d = load();

    KeRaiseIrql(DISPATCH_LEVEL, &old);
    IoStartTimer(drv.device);
    IoStopTimer(drv.device);
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeLowerIrql(old);
    dt_run_for(DT_MS(1500));
    dt_expect_eq(s.ticks, 0);
    unload(d);
}

static void start_above_dispatch(void *ctx) /* IOT-007 */
{
    KIRQL old;

    (void)ctx;
    load();
    KeRaiseIrql(DISPATCH_LEVEL + 1, &old);
    IoStartTimer(drv.device);
}

static void stop_above_dispatch(void *ctx)
{
    KIRQL old;

    (void)ctx;
    load();
    KeRaiseIrql(DISPATCH_LEVEL + 1, &old);
    IoStopTimer(drv.device);
}

static void test_contract(void **state)
{
    (void)state;
    if (simulated()) { /* up to twelve seconds */
        passes(about_once_a_second);
        passes(between_ticks);
        passes(two_devices);
    }
    if (simulated())
        passes(stopped_while_due);
    passes(at_dispatch);
    caught(start_above_dispatch, "DT-I01", 0x0A);
    caught(stop_above_dispatch, "DT-I01", 0x0A);
}

/* ---- what the routine may not do ---- */

static void run_two_seconds(void)
{
    IoStartTimer(drv.device);
    dt_run_for(DT_MS(2200));
}

static void starts_itself(void *ctx) /* IOT-012 */
{
    (void)ctx;
    load();
    s.from_routine = true;
    run_two_seconds();
}

static void takes_long(void *ctx) /* IOT-022 */
{
    (void)ctx;
    load();
    s.long_routine = true;
    run_two_seconds();
}

static void waits(void *ctx) /* IOT-016 */
{
    (void)ctx;
    load();
    s.waits = true;
    run_two_seconds();
}

static void is_pageable(void *ctx) /* IOT-016, IOT-017 */
{
    (void)ctx;
    load();
    s.paged = true;
    run_two_seconds();
}

static void test_misuse(void **state)
{
    (void)state;
    caught(starts_itself, "DT-L01", 0);
    caught(takes_long, "DT-B01", 0);
    caught(waits, "DT-D06", 0xB8);
    caught(is_pageable, "DT-I10", 0xD1);
}

/* ---- IOT-015: stopping it from elsewhere ---- */

static void stop_and_look(void *ctx)
{
    (void)ctx;
    dt_run_for(DT_S(1));
    IoStopTimer(drv.device);
    if (s.inside)
        ran_beside_stop = true; /* no wait is promised */
}

static void stop_beside(void *ctx)
{
    (void)ctx;
    dt_driver *d = load();

    IoStartTimer(drv.device);
    dt_spawn(1, stop_and_look, NULL);
    dt_join_all();
    KeFlushQueuedDpcs(); /* a call that had begun has ended */
    LONG calls = s.ticks;

    dt_run_for(DT_MS(1500));
    dt_expect(s.ticks == calls && !s.inside); /* no new call has begun */
    unload(d);
}

/* The context goes right after the stop. */
static void stop_and_free(void *ctx)
{
    dt_run_for(DT_S(1));
    IoStopTimer(drv.device);
    if (ctx)
        KeFlushQueuedDpcs();
    ExFreePoolWithTag(s.lock, 'tnoC');
}

static void freed(bool flush, bool touches)
{
    memset(&s, 0, sizeof s);
    drv_reset();
    dt_driver *d = drv_load();

    s.context = s.lock = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(KSPIN_LOCK), 'tnoC');
    s.touches = touches;
    KeInitializeSpinLock(s.lock);
    dt_expect_eq(IoInitializeTimer(drv.device, on_second, s.context), STATUS_SUCCESS);
    IoStartTimer(drv.device);
    dt_spawn(1, stop_and_free, flush ? &s : NULL);
    dt_join_all();
    unload(d);
}

static void free_after_stop(void *ctx)
{
    (void)ctx;
    freed(false, true);
}

/* Even when the routine does nothing more with it in this run. */
static void free_while_it_runs(void *ctx)
{
    (void)ctx;
    freed(false, false);
}

/* The repaired twin: the routine runs in a DPC, so that flushing DPCs waits for it. */
static void flush_after_stop(void *ctx)
{
    (void)ctx;
    freed(true, true);
}

static void test_stop(void **state)
{
    (void)state;
    if (!simulated())
        skip();
    ran_beside_stop = false;
    reached(stop_beside, 2, &ran_beside_stop);
    if (!SANITIZED)
        found(free_after_stop, 2, "DT-T05", 0);
    found(free_while_it_runs, 2, "DT-T05", 0);
    always(flush_after_stop, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contract),
        cmocka_unit_test(test_deleted),
        cmocka_unit_test(test_misuse),
        cmocka_unit_test(test_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
