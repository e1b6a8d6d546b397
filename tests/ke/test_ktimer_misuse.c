/* SPDX-License-Identifier: MIT */
/* KTIMER used wrongly: caught, with the code and parameters where Windows documents them; the right use beside it. */
#include "ktimer.h"

#define TAG 0x69544B74 /* 'tKTi' */

/* ---- levels: KTM-003, KTM-027, KTM-062, KTM-089, KTM-092 ---- */

static void initialises(void)
{
    KeInitializeTimer(&s.second);
}

static void initialises_ex(void)
{
    KeInitializeTimerEx(&s.second, SynchronizationTimer);
}

static void sets(void)
{
    KeSetTimer(&s.timer, in_ms(100000), &s.dpc);
}

static void sets_ex(void)
{
    KeSetTimerEx(&s.timer, in_ms(100000), 1000, &s.dpc);
}

static void sets_coalescable(void)
{
    KeSetCoalescableTimer(&s.timer, in_ms(100000), 1000, 100, &s.dpc);
}

static void cancels(void)
{
    KeCancelTimer(&s.timer);
}

static void reads(void)
{
    KeReadStateTimer(&s.timer);
}

static void (*const calls[])(void) = {initialises, initialises_ex, sets, sets_ex, sets_coalescable, cancels, reads};
static unsigned the_call;

static void at(KIRQL level)
{
    KIRQL irql;

    begin(0);
    KeRaiseIrql(level, &irql);
    calls[the_call]();
    KeLowerIrql(irql);
    end();
}

static void above_dispatch(void *ctx)
{
    (void)ctx;
    at(DISPATCH_LEVEL + 1);
}

static void at_dispatch(void *ctx)
{
    (void)ctx;
    at(APC_LEVEL);
    at(DISPATCH_LEVEL);
}

static void test_levels(void **state)
{
    (void)state;
    for (the_call = 0; the_call < sizeof calls / sizeof *calls; the_call++) {
        passes(at_dispatch);
        caught(above_dispatch, "DT-I01", ANY_CODE);
    }
}

/* ---- the object ---- */

/* KTM-012, DT-T01: storage that no KeInitializeTimer has seen. */
static void zeroed(void *ctx)
{
    static KTIMER t;

    (void)ctx;
    memset(&t, 0, sizeof t);
    KeSetTimer(&t, in_ms(1), NULL);
}

static void garbage(void *ctx)
{
    static KTIMER t;

    (void)ctx;
    memset(&t, 0xA5, sizeof t);
    KeCancelTimer(&t);
}

/* KTM-009: paged pool. */
static void in_pool(ULONG64 pool)
{
    PKTIMER t = ExAllocatePool2(pool, sizeof *t, TAG);

    KeInitializeTimer(t);
    KeSetTimer(t, in_ms(1), NULL);
    sleep_ms(5);
    ExFreePoolWithTag(t, TAG);
}

static void in_paged_pool(void *ctx)
{
    (void)ctx;
    in_pool(POOL_FLAG_PAGED);
}

static void in_nonpaged_pool(void *ctx)
{
    (void)ctx;
    in_pool(POOL_FLAG_NON_PAGED);
}

/* DT-T02 (KTM-008): initialised again while set. */
static void initialised_again(void *ctx)
{
    (void)ctx;
    begin(0);
    KeSetTimer(&s.timer, in_ms(100000), NULL);
    KeInitializeTimer(&s.timer);
}

static void initialised_after_cancel(void *ctx)
{
    (void)ctx;
    begin(0);
    KeSetTimer(&s.timer, in_ms(100000), NULL);
    KeCancelTimer(&s.timer);
    KeInitializeTimer(&s.timer);
}

/* DT-T03 (KTM-010): freed while set: 0xC4/0x15 with the timer as parameter 2. */
static void freed(bool cancel)
{
    PKTIMER t = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *t, TAG);

    KeInitializeTimer(t);
    KeSetTimer(t, in_ms(100000), NULL);
    if (cancel)
        KeCancelTimer(t);
    ExFreePoolWithTag(t, TAG);
}

static void freed_while_set(void *ctx)
{
    (void)ctx;
    freed(false);
}

static void freed_after_cancel(void *ctx)
{
    (void)ctx;
    freed(true);
}

/* KTM-011: the object, and where its memory begins and ends. */
static void test_range(void)
{
    struct dt_config cfg = config(1);
    struct dt_result r = {0};

    if (!simulated())
        return;
    assert_int_equal(dt_run(&cfg, zeroed, NULL, &r), 0);
    assert_true(r.finding.param[1] == r.finding.param[2] && r.finding.param[3] - r.finding.param[2] == sizeof(KTIMER));
}

static void test_object(void **state)
{
    (void)state;
    test_range();
    caught_params(zeroed, "DT-T01", 0xC7, 0, ANY_PARAM);
    caught_params(garbage, "DT-T01", 0xC7, 0, ANY_PARAM);
    caught_params(in_paged_pool, "DT-I10", 0xC4, 0xE1, ANY_PARAM);
    passes(in_nonpaged_pool);
    caught(initialised_again, "DT-T02", 0);
    passes(initialised_after_cancel);
    caught_params(freed_while_set, "DT-T03", 0xC4, 0x15, ANY_PARAM);
    passes(freed_after_cancel);
}

/* ---- DT-T04 (KTM-106): the device goes, the timer in its extension is set ---- */

static bool cancel_first;

static DRIVER_INITIALIZE entry;
static DRIVER_UNLOAD     unload;

static VOID unload(PDRIVER_OBJECT driver)
{
    PKTIMER t = driver->DeviceObject->DeviceExtension;

    if (cancel_first)
        KeCancelTimer(t);
    IoDeleteDevice(driver->DeviceObject);
}

static NTSTATUS entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    PDEVICE_OBJECT device;
    NTSTATUS       status = IoCreateDevice(driver, sizeof(KTIMER), NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);

    (void)path;
    if (!NT_SUCCESS(status))
        return status;
    KeInitializeTimer(device->DeviceExtension);
    KeSetTimer(device->DeviceExtension, in_ms(100000), NULL);
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    driver->DriverUnload = unload;
    return STATUS_SUCCESS;
}

static void load_and_unload(void *ctx)
{
    (void)ctx;
    dt_driver *d = dt_driver_load((dt_driver_entry *)entry);

    dt_expect(d != NULL);
    dt_driver_unload(d);
}

static void test_device(void **state)
{
    (void)state;
    cancel_first = false;
    caught_params(load_and_unload, "DT-T04", 0xC4, 0x15, ANY_PARAM);
    cancel_first = true;
    passes(load_and_unload);
}

/* ---- arguments ---- */

/* KTM-045: a DPC that was never initialised. */
static void raw_dpc(void *ctx)
{
    (void)ctx;
    begin(0);
    memset(&s.dpc, 0, sizeof s.dpc);
    KeSetTimer(&s.timer, in_ms(1), &s.dpc);
}

/* DPC-008: one that was overwritten after the timer was set, seen when the timer expires. */
static void set_then(UCHAR type, USHORT number)
{
    begin(1);
    KeSetTimer(&s.timer, in_ms(simulated() ? 1 : 500), &s.dpc); /* not before it is overwritten */
    s.dpc.Type = type;
    s.dpc.Number = number;
}

static void wiped_dpc(void *ctx)
{
    (void)ctx;
    set_then(0, 0);
    until_caught();
}

static void misdirected_dpc(void *ctx)
{
    (void)ctx;
    set_then(DpcObject, 0x500 + 2);
    until_caught();
}

static void directed_dpc(void *ctx)
{
    (void)ctx;
    set_then(DpcObject, 0x500 + 1);
    wait_for(&s.done);
    end();
}

static void threaded_dpc(void *ctx)
{
    (void)ctx;
    begin(1);
    KeInitializeThreadedDpc(&s.dpc, tick, &s);
    KeSetTimer(&s.timer, in_ms(1), &s.dpc);
    wait_for(&s.done);
    end();
}

/* KTM-034, DT-T13. */
static void negative_period(void *ctx)
{
    (void)ctx;
    begin(0);
    KeSetTimerEx(&s.timer, in_ms(1), -1, NULL);
}

/* KTM-096, DT-T13: what a negative number becomes as a ULONG. */
static void period_above_maxlong(void *ctx)
{
    (void)ctx;
    begin(0);
    KeSetCoalescableTimer(&s.timer, in_ms(1), (ULONG)MAXLONG + 1, 0, NULL);
}

static void negative_tolerance(void *ctx)
{
    (void)ctx;
    begin(0);
    KeSetCoalescableTimer(&s.timer, in_ms(1), 0, (ULONG)-1, NULL);
}

static void longest(void *ctx)
{
    (void)ctx;
    begin(0);
    KeSetTimerEx(&s.timer, in_ms(1), MAXLONG, NULL);
    KeSetCoalescableTimer(&s.timer, in_ms(1), MAXLONG, MAXLONG, NULL);
    end();
}

/* KTM-099: a lint: of no use below two ticks. */
static void tolerance(ULONG ms)
{
    begin(0);
    KeSetCoalescableTimer(&s.timer, in_ms(1), 0, ms, NULL);
    end();
}

static void short_tolerance(void *ctx)
{
    (void)ctx;
    tolerance(31);
}

static void useful_tolerance(void *ctx)
{
    (void)ctx;
    tolerance(0);
    tolerance(32);
}

static void test_arguments(void **state)
{
    (void)state;
    caught_params(raw_dpc, "DT-D01", 0xC7, 1, ANY_PARAM);
    caught_params(wiped_dpc, "DT-D01", 0xC7, 1, (uintptr_t)&s.dpc);
    caught_params(misdirected_dpc, "DT-D11", 0xC7, 3, (uintptr_t)&s.dpc);
    passes(directed_dpc);
    passes(threaded_dpc);
    caught(negative_period, "DT-T13", 0xC7);
    caught(period_above_maxlong, "DT-T13", 0xC7);
    caught(negative_tolerance, "DT-T13", 0xC7);
    passes(longest);
    caught(short_tolerance, "DT-T13", 0);
    passes(useful_tolerance);
}

/* ---- KTM-088: a wait at DISPATCH_LEVEL ---- */

static void waits_at_dispatch(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin(0);
    KeSetTimer(&s.timer, in_ms(1), NULL);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    wait_ms(&s.timer, 5);
    KeLowerIrql(irql);
}

static void polls_at_dispatch(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin(0);
    KeSetTimer(&s.timer, in_100ns(0), NULL);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    poll(&s.timer);
    KeLowerIrql(irql);
    end();
}

static void test_wait(void **state)
{
    (void)state;
    caught(waits_at_dispatch, NULL, 0xC4);
    passes(polls_at_dispatch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_object),
        cmocka_unit_test(test_device),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
