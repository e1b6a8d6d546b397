/* SPDX-License-Identifier: MIT */
/* machines: sim */
/*
 * What a run that stopped in the middle of something leaves for the next one: nothing. Each bad run ends in a bug check at the
 * worst moment; the body after it finds a machine as new.
 */
#include "../machine.h"

static void stop(void)
{
    KeBugCheckEx(0xE2, 1, 2, 3, 4);
}

static void stops(dt_body *body)
{
    caught(body, NULL, 0xE2);
}

/* ---- a call on all processors ---- */

static PVOID      kept[2]; /* the system arguments of a call that never ended */
static LONG       served;
static KEVENT     held;
static KSPIN_LOCK lock;

static KDEFERRED_ROUTINE stops_in_call, serves;

static VOID stops_in_call(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context;
    kept[0] = a;
    kept[1] = b;
    stop();
}

static VOID serves(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context;
    InterlockedIncrement(&served);
    KeSignalCallDpcSynchronize(b);
    KeSignalCallDpcDone(a);
}

static void call_stops(void *ctx)
{
    (void)ctx;
    KeGenericCallDpc(stops_in_call, NULL);
}

static void calls(void *ctx)
{
    (void)ctx;
    served = 0;
    KeGenericCallDpc(serves, NULL);
    KeGenericCallDpc(serves, NULL);
    dt_expect_eq(served, 2 * KeQueryActiveProcessorCount(NULL));
}

static void signals_done(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeSignalCallDpcDone(kept[0]);
}

static void signals_synchronize(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeSignalCallDpcSynchronize(kept[1]);
}

/* DPC-091: outside a call, even with the arguments of one that once was. */
static void test_call(void **state)
{
    (void)state;
    stops(call_stops);
    caught(signals_done, "DT-D16", 0);
    caught(signals_synchronize, "DT-D16", 0);
    passes(calls);
}

static ULONG_PTR stops_in_ipi(ULONG_PTR context)
{
    stop();
    return context;
}

static ULONG_PTR counts_ipi(ULONG_PTR context)
{
    InterlockedIncrement(&served);
    return context;
}

static void ipi_stops(void *ctx)
{
    (void)ctx;
    KeIpiGenericCall(stops_in_ipi, 0);
}

static void ipis(void *ctx)
{
    (void)ctx;
    served = 0;
    dt_expect_eq(KeIpiGenericCall(counts_ipi, 17), 17);
    dt_expect_eq(served, KeQueryActiveProcessorCount(NULL));
}

static void test_ipi(void **state)
{
    (void)state;
    stops(ipi_stops);
    passes(ipis);
}

/* ---- DPCs ---- */

static KDPC      dpc, threaded;
static KTIMER    timer;
static LONG      dpcs;
static ULONG_PTR thread_id;

static KDEFERRED_ROUTINE counts;

static VOID counts(PKDPC d, PVOID context, PVOID a, PVOID b)
{
    (void)d, (void)context, (void)a, (void)b;
    InterlockedIncrement(&dpcs);
}

static void queued_high(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    KeInitializeDpc(&dpc, counts, NULL);
    KeInitializeThreadedDpc(&threaded, counts, NULL);
    KeInitializeTimer(&timer);
    KeSetTimerEx(&timer, in_ms(1), 1, &dpc);
    KeRaiseIrql(HIGH_LEVEL, &irql);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    KeInsertQueueDpc(&threaded, NULL, NULL);
    stop();
}

static void notes_id(void *ctx)
{
    (void)ctx;
    thread_id = (ULONG_PTR)PsGetCurrentThreadId();
}

/* One DPC of its own, no more; and no thread but the one that it starts, whose id is therefore always the same. */
static void one_dpc(void *ctx)
{
    ULONG_PTR before = thread_id;

    (void)ctx;
    dpcs = 0;
    sleep_ms(3);
    dt_expect_eq(dpcs, 0);
    KeInitializeDpc(&dpc, counts, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    dt_expect_eq(dpcs, 1);
    dt_spawn(1, notes_id, NULL);
    dt_join_all();
    dt_expect(before == 0 || before == thread_id);
    sleep_ms(3);
    dt_expect_eq(dpcs, 1);
}

static void test_dpcs(void **state)
{
    (void)state;
    passes(one_dpc);
    stops(queued_high);
    passes(one_dpc);
}

/* ---- the idle thread, whose state a DPC may change that interrupts it ---- */

static KDEFERRED_ROUTINE enters_regions, finds_no_region;

static VOID enters_regions(PKDPC d, PVOID context, PVOID a, PVOID b)
{
    (void)d, (void)a, (void)b;
    if (context)
        KeEnterGuardedRegion();
    else
        KeEnterCriticalRegion();
    stop();
}

static VOID finds_no_region(PKDPC d, PVOID context, PVOID a, PVOID b)
{
    (void)d, (void)context, (void)a, (void)b;
    InterlockedIncrement(&dpcs);
    dt_expect(!KeAreApcsDisabled());
}

static void in_idle(PKDEFERRED_ROUTINE routine, void *ctx)
{
    dpcs = 0;
    KeInitializeDpc(&dpc, routine, ctx);
    KeInitializeTimer(&timer);
    KeSetTimer(&timer, in_ms(1), &dpc);
    sleep_ms(3);
}

static void idle_enters(void *ctx)
{
    in_idle(enters_regions, ctx);
}

static void idle_is_in_none(void *ctx)
{
    in_idle(finds_no_region, ctx);
    dt_expect_eq(dpcs, 1);
}

/* WAI-056, WAI-057 */
static void test_idle(void **state)
{
    struct dt_config cfg = config(1);
    struct dt_result r;

    (void)state;
    cfg.faithful = true;
    for (uintptr_t guarded = 0; guarded < 2; guarded++) {
        assert_int_equal(dt_run(&cfg, idle_enters, (void *)guarded, &r), 0);
        assert_int_equal(r.finding.bugcheck, 0xE2);
        passes_with(&cfg, idle_is_in_none);
    }
}

/* ---- time at high levels ---- */

static void reads_high(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    KeRaiseIrql(HIGH_LEVEL, &irql);
    KeQueryInterruptTime(); /* stands still from here on, for this processor (CLK-015) */
    stop();
}

static void reads(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    sleep_ms(50);
    ULONGLONG before = KeQueryInterruptTime();

    KeRaiseIrql(HIGH_LEVEL, &irql);
    dt_expect_eq(KeQueryInterruptTime(), before);
    KeLowerIrql(irql);
}

static void stalls_high(bool then_stops)
{
    KIRQL irql;

    KeRaiseIrql(HIGH_LEVEL, &irql);
    for (int i = 0; i < 60; i++)
        KeStallExecutionProcessor(100000);
    if (then_stops)
        stop();
    KeLowerIrql(irql);
}

static void stalls_and_stops(void *ctx)
{
    (void)ctx;
    stalls_high(true);
}

/* CLK-037: 6 s without a clock interrupt are allowed, 12 are not. */
static void stalls(void *ctx)
{
    (void)ctx;
    stalls_high(false);
}

static void asks_to_yield(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    dt_expect(!KeShouldYieldProcessor());
    KeStallExecutionProcessor(10);
    dt_expect(!KeShouldYieldProcessor());
    KeLowerIrql(irql);
}

static void test_time(void **state)
{
    struct dt_config cfg = config(2);

    (void)state;
    cfg.faithful = true; /* stalls of milliseconds are what DT-B01 and DT-B04 are about */
    stops(reads_high);
    passes(reads);
    caught_with(&cfg, stalls_and_stops, NULL, 0xE2);
    passes_with(&cfg, asks_to_yield);
    caught_with(&cfg, stalls_and_stops, NULL, 0xE2);
    passes_with(&cfg, stalls);
}

/* ---- the clock ---- */

static void wants_fine_clock(void *ctx)
{
    (void)ctx;
    sleep_ms(100);
    ExSetTimerResolution(5000, TRUE);
    ExSetTimer(ExAllocateTimer(NULL, NULL, EX_TIMER_HIGH_RESOLUTION), -100000, 0, NULL);
    dt_set_system_time(1);
    stop();
}

static void has_coarse_clock(void *ctx)
{
    ULONG         longest, shortest, now;
    LARGE_INTEGER t;

    (void)ctx;
    sleep_ms(20);
    dt_expect(KeQueryInterruptTime() < 500000); /* the grid of ticks begins anew */
    ExQueryTimerResolution(&longest, &shortest, &now);
    dt_expect_eq(now, longest);
    KeQuerySystemTime(&t);
    dt_expect(t.QuadPart > 1000000000);
}

/* CLK-028: there is nothing to withdraw. */
static void withdraws(void *ctx)
{
    (void)ctx;
    ExSetTimerResolution(0, FALSE);
}

static void test_clock(void **state)
{
    struct dt_config cfg = config(1);

    (void)state;
    cfg.tick_100ns = 156250;
    caught_with(&cfg, wants_fine_clock, NULL, 0xE2);
    passes_with(&cfg, has_coarse_clock);
    caught_with(&cfg, withdraws, "DT-C01", 0);
}

/* ---- locks ---- */

static void holds_lock(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    KeInitializeEvent(&held, NotificationEvent, FALSE);
    KeAcquireSpinLock(&lock, &irql);
    stop();
}

static void takes_lock(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    KeInitializeSpinLock(&lock);
    KeAcquireSpinLock(&lock, &irql);
    KeReleaseSpinLock(&lock, irql);
    dt_expect_eq(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

static void test_locks(void **state)
{
    (void)state;
    stops(holds_lock);
    passes(takes_lock);
}

/* ---- nothing to be seen ---- */

static KDPC      low;
static KTIMER    wall, beats;
static PEX_TIMER no_wake;
static KEVENT    over;

static void waits_over(void *ctx)
{
    (void)ctx;
    wait_for(&over);
}

/* Low-importance DPCs, timers of all kinds, threads that wait: all of it in the machine's queues when it stops. */
static void all_queued(void *ctx)
{
    LARGE_INTEGER t;
    KIRQL         irql;

    (void)ctx;
    KeInitializeEvent(&over, NotificationEvent, FALSE);
    KeInitializeDpc(&low, counts, NULL);
    KeSetImportanceDpc(&low, LowImportance);
    KeInitializeTimer(&wall);
    KeInitializeTimer(&beats);
    no_wake = ExAllocateTimer(NULL, NULL, EX_TIMER_NO_WAKE);
    dt_spawn(1, waits_over, NULL);
    sleep_ms(2);
    KeQuerySystemTime(&t);
    t.QuadPart += 50000;
    KeSetTimer(&wall, t, &low);
    ExSetTimer(no_wake, -10000, 0, NULL);
    KeSetTimerEx(&beats, in_ms(1), 1, NULL);
    KeStallExecutionProcessor(20);
    KeRaiseIrql(HIGH_LEVEL, &irql);
    KeInsertQueueDpc(&low, NULL, NULL);
    stop();
}

static void sets_over(void *ctx)
{
    (void)ctx;
    sleep_ms(5);
    KeSetEvent(&over, IO_NO_INCREMENT, FALSE);
}

static void ordinary(void *ctx)
{
    (void)ctx;
    dpcs = 0;
    KeInitializeEvent(&over, NotificationEvent, FALSE);
    KeInitializeDpc(&dpc, counts, NULL);
    KeInitializeTimer(&beats);
    KeSetTimerEx(&beats, in_ms(4), 4, &dpc);
    dt_spawn(1, sets_over, NULL);
    dt_spawn(0, waits_over, NULL);
    dt_join_all();
    KeCancelTimer(&beats);
    sleep_ms(20);
    dt_expect_eq(dpcs, 1);
}

static PVOID given[2];

static KDEFERRED_ROUTINE notes_arguments;

static VOID notes_arguments(PKDPC d, PVOID context, PVOID a, PVOID b)
{
    (void)d, (void)context;
    given[0] = a;
    given[1] = b;
}

static void timer_arguments(void *ctx)
{
    (void)ctx;
    KeInitializeDpc(&dpc, notes_arguments, NULL);
    KeInitializeTimer(&beats);
    KeSetTimer(&beats, in_ms(1), &dpc);
    sleep_ms(3);
}

/* KTM-109: what a timer's routine finds as arguments is garbage, but that of the seed: a replay shows the same. */
static void test_garbage(void **state)
{
    struct dt_config cfg = config(2);
    PVOID            before[2];

    (void)state;
    passes_with(&cfg, timer_arguments);
    memcpy(before, given, sizeof before);
    assert_ptr_not_equal(before[0], before[1]);
    passes_with(&cfg, timer_arguments);
    assert_memory_equal(before, given, sizeof before);
    cfg.seed = 4711;
    passes_with(&cfg, timer_arguments);
    assert_memory_not_equal(before, given, sizeof before);
}

static PEX_TIMER timer_at[2];

static void two_timers(void *ctx)
{
    (void)ctx;
    for (int i = 0; i < 2; i++)
        timer_at[i] = ExAllocateTimer(NULL, NULL, 0);
    for (int i = 0; i < 2; i++)
        ExDeleteTimer(timer_at[i], FALSE, FALSE, NULL);
}

/* The kernel's objects are where they were: a replay prints the same addresses. */
static void test_addresses(void **state)
{
    PEX_TIMER before[2];

    (void)state;
    passes(two_timers);
    memcpy(before, timer_at, sizeof before);
    passes(two_timers);
    assert_memory_equal(before, timer_at, sizeof before);
}

/* The same questions to the scheduler and the same time at the end: not a clock interrupt more or less. */
static void test_same(void **state)
{
    struct dt_config cfg = config(2);
    struct dt_result before = {0}, after = {0};

    (void)state;
    assert_int_equal(dt_run(&cfg, ordinary, NULL, &before), 0);
    assert_int_equal(before.verdict, DT_PASS);
    stops(all_queued);
    assert_int_equal(dt_run(&cfg, ordinary, NULL, &after), 0);
    assert_int_equal(after.verdict, DT_PASS);
    assert_int_equal(after.choices, before.choices);
    assert_int_equal(after.time, before.time);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_call),
        cmocka_unit_test(test_ipi),
        cmocka_unit_test(test_dpcs),
        cmocka_unit_test(test_idle),
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_clock),
        cmocka_unit_test(test_locks),
        cmocka_unit_test(test_same),
        cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_addresses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
