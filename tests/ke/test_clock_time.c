/* SPDX-License-Identifier: MIT */
/* Interrupt time, system time, ticks, the performance counter, stalls: CLK-001 .. CLK-007, CLK-009 .. CLK-021. */
#include "../machine.h"

#include "ddk/ntifs.h"

#define HOUR 36000000000ll

static ULONGLONG precise(void)
{
    ULONG64   stamp;
    ULONGLONG t = KeQueryInterruptTimePrecise(&stamp);

    dt_expect_eq(t, stamp); /* CLK-006: the counter runs at 10 MHz, so the two are one number */
    return t;
}

static LONGLONG system_time(void)
{
    LARGE_INTEGER t;

    KeQuerySystemTime(&t);
    return t.QuadPart;
}

static LONGLONG system_time_precise(void)
{
    LARGE_INTEGER t;

    KeQuerySystemTimePrecise(&t);
    return t.QuadPart;
}

static LONGLONG tick_count(void)
{
    LARGE_INTEGER n;

    KeQueryTickCount(&n);
    return n.QuadPart;
}

/* ---- the grid ---- */

/* CLK-001, CLK-002, CLK-005, CLK-006: tick time is precise time rounded down, whatever the tick (CLK-012). */
static void on_the_grid(void *ctx)
{
    ULONG     tick = KeQueryTimeIncrement();
    ULONGLONG last = 0;

    (void)ctx;
    for (int i = 0; i < 20; i++) {
        ULONGLONG p1 = precise(), t = KeQueryInterruptTime(), p2 = precise();

        dt_expect_eq(t % tick, 0);
        dt_expect(t >= last && t <= p2 && t + tick > p1);
        last = t;
        LONGLONG s1 = system_time_precise(), s = system_time(), s2 = system_time_precise();

        dt_expect(s <= s2 && s + (LONGLONG)tick > s1);
        KeStallExecutionProcessor(70);
    }
}

static void test_grid(void **state)
{
    static const ULONG ticks[] = {5000, 10000, 100000, 156250}; /* CLK-012 */
    struct dt_config   cfg = config(1);

    (void)state;
    for (size_t i = 0; i < sizeof ticks / sizeof *ticks; i++) {
        cfg.tick_100ns = ticks[i];
        passes_with(&cfg, on_the_grid);
    }
}

/* CLK-001, CLK-003, CLK-005: zero at boot; within a tick only precise time moves; at the tick all of it. */
static void between_ticks(void *ctx)
{
    LONGLONG system = system_time(), fine = system_time_precise();

    (void)ctx;
    dt_expect_eq(KeQueryInterruptTime(), 0);
    KeStallExecutionProcessor(300);
    dt_expect_eq(system_time(), system);
    dt_expect_eq(KeQueryInterruptTime(), 0);
    dt_expect_eq(system_time_precise(), fine + 3000);
    dt_expect_eq(precise(), 3000);
    KeStallExecutionProcessor(700);
    dt_expect_eq(system_time(), system + 10000);
    dt_expect_eq(KeQueryInterruptTime(), 10000);
}

static void test_between_ticks(void **state)
{
    (void)state;
    if (simulated())
        passes(between_ticks);
}

/* CLK-010, CLK-039: ticks are counted although nobody was awake to count them. */
static void idle_ticks(void *ctx)
{
    ULONG     tick = KeQueryTimeIncrement();
    LONGLONG  before = tick_count(), system = system_time();
    ULONGLONG interrupt = KeQueryInterruptTime();

    (void)ctx;
    sleep_ms(20);
    LONGLONG  n = tick_count();
    ULONGLONG t = KeQueryInterruptTime();

    dt_expect(n - before >= 19);
    dt_expect((ULONGLONG)n * tick <= t && t >= interrupt + 190000 && system_time() >= system + 190000);
    if (simulated())
        dt_expect_eq((n - before) * tick, (LONGLONG)(t - interrupt));
}

static void test_idle_ticks(void **state)
{
    (void)state;
    passes(idle_ticks);
}

/* ---- CLK-004, CLK-005: setting system time ---- */

static void system_time_is_set(void *ctx)
{
    ULONGLONG before = KeQueryInterruptTime();
    LONGLONG  base = system_time();

    (void)ctx;
    dt_set_system_time((uint64_t)(base + HOUR));
    dt_expect(system_time() >= base + HOUR && system_time_precise() >= base + HOUR);
    dt_set_system_time((uint64_t)(base - HOUR));
    dt_expect(system_time() >= base - HOUR && system_time() < base);
    dt_expect(system_time_precise() >= base - HOUR && system_time_precise() < base);
    dt_expect(KeQueryInterruptTime() >= before && KeQueryInterruptTime() < before + HOUR / 2);
}

static void test_set(void **state)
{
    (void)state;
    passes(system_time_is_set);
}

/* ---- the counter ---- */

/* CLK-007, CLK-013 */
static void counter(void *ctx)
{
    LARGE_INTEGER f1, f2, last = KeQueryPerformanceCounter(&f1);
    ULONG64       q1, q2;
    ULONGLONG     t1 = KeQueryInterruptTimePrecise(&q1);

    (void)ctx;
    for (int i = 0; i < 10; i++) {
        KeSetSystemAffinityThread((KAFFINITY)1 << i % 2);
        LARGE_INTEGER now = KeQueryPerformanceCounter(NULL);

        dt_expect(now.QuadPart >= last.QuadPart);
        last = now;
        KeStallExecutionProcessor(5);
    }
    ULONGLONG t2 = KeQueryInterruptTimePrecise(&q2);

    dt_expect((LONGLONG)q2 >= last.QuadPart);
    KeQueryPerformanceCounter(&f2);
    dt_expect_eq(f1.QuadPart, f2.QuadPart);
    dt_expect_eq((t2 - t1) * (ULONGLONG)f1.QuadPart, (q2 - q1) * 10000000);
}

/* CLK-009: a machine that never sleeps. */
static void unbiased(void *ctx)
{
    ULONG64 stamp;

    (void)ctx;
    ULONGLONG b1 = KeQueryInterruptTime(), u = KeQueryUnbiasedInterruptTime(), b2 = KeQueryInterruptTime();

    dt_expect(b1 <= u && u <= b2);
    b1 = precise(), u = KeQueryUnbiasedInterruptTimePrecise(&stamp), b2 = precise();
    dt_expect(b1 <= u && u <= b2);
}

/* CLK-021 */
static void auxiliary(void *ctx)
{
    ULONG64 value;

    (void)ctx;
    dt_expect_eq(KeConvertAuxiliaryCounterToPerformanceCounter(0, &value, NULL), STATUS_NOT_SUPPORTED);
    dt_expect_eq(KeConvertPerformanceCounterToAuxiliaryCounter(0, &value, NULL), STATUS_NOT_SUPPORTED);
    dt_expect_eq(KeQueryAuxiliaryCounterFrequency(&value), STATUS_NOT_SUPPORTED);
}

static void test_counter(void **state)
{
    (void)state;
    passes(counter);
    passes(unbiased);
    passes(auxiliary);
}

/* ---- high levels ---- */

/* CLK-014; CLK-015: on the processor that owns the clock ticks stand still, precise time does not. */
static void with_clock_held(KIRQL level)
{
    LARGE_INTEGER t;
    KIRQL         irql;

    KeRaiseIrql(level, &irql);
    ULONGLONG held = KeQueryInterruptTime(), before = precise();
    LONGLONG  system = system_time(), ticks = tick_count();

    KeStallExecutionProcessor(3000);
    dt_expect(KeQueryInterruptTime() == held && KeQueryUnbiasedInterruptTime() == held);
    dt_expect(system_time() == system && tick_count() == ticks);
    dt_expect(precise() >= before + 30000);
    KeQuerySystemTimePrecise(&t);
    KeQueryPerformanceCounter(NULL);
    dt_expect_eq(KeGetCurrentIrql(), level);
    KeLowerIrql(irql);
    dt_expect(KeQueryInterruptTime() >= held + 30000 - 10000);
}

static void ticks_go_on(KIRQL level)
{
    KIRQL irql;

    KeRaiseIrql(level, &irql);
    ULONGLONG before = KeQueryInterruptTime();

    KeStallExecutionProcessor(3000);
    dt_expect(KeQueryInterruptTime() >= before + 20000);
    KeLowerIrql(irql);
}

static void at_high_level(void *ctx)
{
    (void)ctx;
    KeSetSystemAffinityThread(1);
    with_clock_held(HIGH_LEVEL);
    with_clock_held(CLOCK_LEVEL);
    ticks_go_on(CLOCK_LEVEL - 1);
}

static void elsewhere_at_high_level(void *ctx)
{
    (void)ctx;
    KeSetSystemAffinityThread(2);
    ticks_go_on(HIGH_LEVEL);
}

/* CLK-037: P1 ticks, P4 the processor. */
static void never_comes_down(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    KeSetSystemAffinityThread(2);
    KeRaiseIrql(HIGH_LEVEL, &irql);
    for (int i = 0; i < 200; i++)
        KeStallExecutionProcessor(100000);
}

static void comes_down(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    for (int i = 0; i < 20; i++) {
        KeRaiseIrql(HIGH_LEVEL, &irql);
        KeStallExecutionProcessor(1000000);
        KeLowerIrql(irql);
    }
}

static void test_high_level(void **state)
{
    (void)state;
    passes(at_high_level);
    passes(elsewhere_at_high_level);
    if (!simulated()) /* 10 s of stalling */
        return;
    struct dt_config cfg = config(2);
    struct dt_result r = {0};

    caught(never_comes_down, "DT-C02", 0x101);
    assert_int_equal(dt_run(&cfg, never_comes_down, NULL, &r), 0);
    assert_true(r.finding.param[0] == 10000 && r.finding.param[3] == 1); /* not a stall later than 10 s */
    passes(comes_down);
}

/* ---- stalls ---- */

static bool other_ran;

static void run_other(void *ctx)
{
    (void)ctx;
    other_ran = true;
}

/* CLK-016: at least that long, any IRQL; at DISPATCH_LEVEL nothing else runs on the processor. */
static void stall(void *ctx)
{
    KIRQL irql;
    dt_ns before = dt_now();

    (void)ctx;
    KeStallExecutionProcessor(500);
    dt_expect(dt_now() - before >= DT_US(500));
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    other_ran = false;
    dt_spawn(0, run_other, NULL);
    before = dt_now();
    KeStallExecutionProcessor(200);
    dt_expect(dt_now() - before >= DT_US(200));
    if (simulated()) /* in real time threads below DISPATCH_LEVEL run beside it */
        dt_expect(!other_ran);
    KeLowerIrql(irql);
    dt_join_all();
}

/* CLK-017: milliseconds at DISPATCH_LEVEL are the watchdog's. */
static void long_stall(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    for (int i = 0; i < 8; i++)
        KeStallExecutionProcessor(10000);
    KeLowerIrql(irql);
}

static void short_stalls(void *ctx)
{
    (void)ctx;
    for (int i = 0; i < 8; i++) {
        KIRQL irql;

        KeRaiseIrql(DISPATCH_LEVEL, &irql);
        KeStallExecutionProcessor(10000);
        KeLowerIrql(irql);
    }
}

static void test_stall(void **state)
{
    struct dt_config one = config(1), watched = config(1);

    (void)state;
    if (simulated())
        always_with(&one, stall, 1);
    else
        passes_with(&one, stall);
    watched.dpc_watchdog_ms = 10;
    caught_with(&watched, long_stall, NULL, 0x133);
    passes_with(&watched, short_stalls);
}

/* CLK-020: ticks of kernel time. */
static void run_time(void *ctx)
{
    ULONG64 stamp;
    ULONG   user = 1, before = KeQueryRuntimeThread(KeGetCurrentThread(), &user);

    (void)ctx;
    dt_expect(before == 0 && user == 0);
    KeStallExecutionProcessor(3000);
    dt_expect_eq(KeQueryRuntimeThread(KeGetCurrentThread(), &user), 3);
    dt_expect_eq(KeQueryTotalCycleTimeThread(KeGetCurrentThread(), &stamp), 3000000);
}

static void run_time_raised(void *ctx)
{
    ULONG user;
    KIRQL irql;

    (void)ctx;
    KeRaiseIrql(APC_LEVEL, &irql);
    KeQueryRuntimeThread(KeGetCurrentThread(), &user);
}

static void test_run_time(void **state)
{
    (void)state;
    passes(run_time);
    caught(run_time_raised, "DT-I01", 0x0A);
}

/* ---- CLK-018: local time; CLK-019: fields ---- */

static void local_time(void *ctx)
{
    LARGE_INTEGER system = {.QuadPart = 10 * HOUR}, local, back;

    (void)ctx;
    ExSystemTimeToLocalTime(&system, &local);
    dt_expect_eq(local.QuadPart, system.QuadPart);
    dt_set_time_zone(480); /* Pacific time: eight hours behind */
    ExSystemTimeToLocalTime(&system, &local);
    dt_expect_eq(local.QuadPart, 2 * HOUR);
    ExLocalTimeToSystemTime(&local, &back);
    dt_expect_eq(back.QuadPart, system.QuadPart);
    dt_set_time_zone(-60);
    ExSystemTimeToLocalTime(&system, &local);
    dt_expect_eq(local.QuadPart, 11 * HOUR);
}

static void fields(void *ctx)
{
    LARGE_INTEGER now = {.QuadPart = system_time() / 10000 * 10000}, back;
    TIME_FIELDS   f;

    (void)ctx;
    RtlTimeToTimeFields(&now, &f);
    dt_expect(f.Year >= 2024 && f.Year < 2200); /* CLK-001: counted from 1601, and set by the machine */
    f.Weekday = 99;                             /* ignored */
    dt_expect(RtlTimeFieldsToTime(&f, &back));
    dt_expect_eq(back.QuadPart, now.QuadPart);
    f.Month = 13;
    dt_expect(!RtlTimeFieldsToTime(&f, &back));
}

static void test_local_time(void **state)
{
    (void)state;
    passes(local_time);
    passes(local_time); /* each run begins without a bias */
    passes(fields);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grid),
        cmocka_unit_test(test_between_ticks),
        cmocka_unit_test(test_idle_ticks),
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_counter),
        cmocka_unit_test(test_high_level),
        cmocka_unit_test(test_stall),
        cmocka_unit_test(test_run_time),
        cmocka_unit_test(test_local_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
