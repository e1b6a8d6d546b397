/* SPDX-License-Identifier: MIT */
/* The timer resolution and what ticks do to timers: CLK-022 .. CLK-028, CLK-032 .. CLK-036, CLK-038. */
#include "../machine.h"

#define TICK      156250u
#define FINEST    10000u
#define HOUR      36000000000ll
#define FOREVER   0x7FFFFFFFFFFFFFFFll
#define TEN_YEARS (3652 * 24 * HOUR)

static struct dt_config coarse(unsigned processors)
{
    struct dt_config cfg = config(processors);

    cfg.tick_100ns = DT_TICK_DEFAULT;
    return cfg;
}

static ULONG current(void)
{
    ULONG longest, shortest, now;

    ExQueryTimerResolution(&longest, &shortest, &now);
    dt_expect(longest >= now && now >= shortest);
    dt_expect(longest == TICK && shortest == FINEST);
    return now;
}

/* ---- values ---- */

/* CLK-022 .. CLK-026; CLK-011: the increment is the default tick, always. */
static void values(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    dt_expect_eq(current(), TICK);
    dt_expect_eq(ExSetTimerResolution(20000, TRUE), 20000); /* CLK-023 */
    dt_expect_eq(current(), 20000);
    dt_expect_eq(ExSetTimerResolution(50000, TRUE), 20000);
    dt_expect_eq(ExSetTimerResolution(20000, TRUE), 20000);
    dt_expect_eq(ExSetTimerResolution(1, TRUE), FINEST); /* CLK-025 */
    dt_expect_eq(KeQueryTimeIncrement(), TICK);
    KeRaiseIrql(HIGH_LEVEL, &irql);
    dt_expect_eq(current(), FINEST);
    KeLowerIrql(irql);
    for (int i = 0; i < 3; i++) /* CLK-027: not before the last one */
        dt_expect_eq(ExSetTimerResolution(77, FALSE), FINEST);
    dt_expect_eq(ExSetTimerResolution(77, FALSE), TICK);
    dt_expect_eq(current(), TICK);
}

static void wants_nothing_finer(void *ctx)
{
    (void)ctx;
    dt_expect_eq(ExSetTimerResolution(1000000, TRUE), TICK); /* CLK-024 */
    dt_expect_eq(current(), TICK);
    dt_expect_eq(ExSetTimerResolution(0, FALSE), TICK);
}

static void at_dispatch(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    ExSetTimerResolution(FINEST, TRUE);
}

/* CLK-029 */
static void withdraws_nothing(void *ctx)
{
    (void)ctx;
    ExSetTimerResolution(0, FALSE);
}

static void test_values(void **state)
{
    struct dt_config cfg = coarse(2);
    struct dt_result r = {0};

    (void)state;
    passes_with(&cfg, values);
    passes_with(&cfg, wants_nothing_finer);
    caught_with(&cfg, at_dispatch, "DT-I01", 0xC4); /* CLK-028 */
    caught_with(&cfg, withdraws_nothing, "DT-C01", 0);
    if (simulated()) {
        assert_int_equal(dt_run(&cfg, at_dispatch, NULL, &r), 0);
        assert_int_equal(r.finding.param[0], 0x20006);
    }
}

/* ---- CLK-032: everything that waits becomes finer, also what was set before ---- */

static dt_ns wait_from_now(int64_t ms)
{
    dt_ns before = dt_now();

    sleep_ms(ms);
    return dt_now() - before;
}

static void system_wide(void *ctx)
{
    KTIMER timer;
    dt_ns  set;

    (void)ctx;
    KeInitializeTimer(&timer);
    dt_expect_eq(wait_from_now(2), DT_US(15625));
    set = dt_now();
    KeSetTimer(&timer, in_ms(2), NULL);
    ExSetTimerResolution(FINEST, TRUE);
    wait_for(&timer);
    dt_expect(dt_now() - set <= DT_MS(3));
    dt_expect(wait_from_now(2) <= DT_MS(3));
    ExSetTimerResolution(0, FALSE);
    dt_expect(wait_from_now(2) >= DT_MS(12));
}

static void test_system_wide(void **state)
{
    struct dt_config cfg = coarse(1);

    (void)state;
    if (simulated())
        passes_with(&cfg, system_wide);
}

/* ---- timers and ticks ---- */

static struct {
    KTIMER timer[3];
    KDPC   dpc;
    LONG   calls;
} s;

static KDEFERRED_ROUTINE count;

static VOID count(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    s.calls++;
}

static void begin(void)
{
    memset(&s, 0, sizeof s);
    KeInitializeDpc(&s.dpc, count, NULL);
    for (int i = 0; i < 3; i++)
        KeInitializeTimer(&s.timer[i]);
}

static LARGE_INTEGER in_us(int64_t n)
{
    LARGE_INTEGER due = {.QuadPart = -10 * n};

    return due;
}

/* CLK-033: all that are due within one tick expire at that tick, in whatever order. */
static void one_tick(void *ctx)
{
    (void)ctx;
    begin();
    KeSetTimer(&s.timer[0], in_us(900), NULL);
    KeSetTimer(&s.timer[1], in_us(100), NULL);
    KeSetTimer(&s.timer[2], in_us(500), NULL);
    for (int i = 0; i < 3; i++)
        dt_expect(!KeReadStateTimer(&s.timer[i]));
    wait_for(&s.timer[1]);
    for (int i = 0; i < 3; i++)
        dt_expect(KeReadStateTimer(&s.timer[i]));
    dt_expect_eq(dt_now(), DT_MS(1));
}

/* CLK-034: late, at the delayed interrupt, but not lost. CLK-035: one expiration for five periods that have passed. */
static void delayed_interrupt(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin();
    KeSetTimer(&s.timer[0], in_ms(1), NULL);
    KeSetTimerEx(&s.timer[1], in_ms(1), 1, &s.dpc);
    KeRaiseIrql(HIGH_LEVEL, &irql);
    KeStallExecutionProcessor(5500);
    dt_expect(s.timer[0].Header.SignalState == 0 && s.calls == 0);
    KeLowerIrql(irql);
    dt_expect(KeReadStateTimer(&s.timer[0]));
    dt_expect_eq(s.calls, 1);
    sleep_ms(2);
    dt_expect(s.calls >= 2 && s.calls <= 4);
    KeCancelTimer(&s.timer[1]);
    KeFlushQueuedDpcs();
}

static void test_ticks(void **state)
{
    struct dt_config cfg = config(1);

    (void)state;
    if (!simulated())
        return;
    passes_with(&cfg, one_tick);
    passes_with(&cfg, delayed_interrupt);
}

/* CLK-036: relative waits and timers do not mind. */
static void set_backwards(void *ctx)
{
    LARGE_INTEGER now;
    dt_ns         before = dt_now();

    (void)ctx;
    begin();
    KeSetTimer(&s.timer[0], in_ms(5), NULL);
    KeQuerySystemTime(&now);
    dt_set_system_time((uint64_t)(now.QuadPart - HOUR));
    wait_for(&s.timer[0]);
    sleep_ms(2);
    dt_expect(dt_now() - before >= DT_MS(6));
    if (simulated())
        dt_expect(dt_now() - before <= DT_MS(9));
}

/* CLK-038: the sign alone decides. */
static void far_away(void *ctx)
{
    LARGE_INTEGER never = {.QuadPart = FOREVER}, longest = {.QuadPart = -FOREVER - 1}, past = {.QuadPart = 1};

    (void)ctx;
    begin();
    KeSetTimer(&s.timer[0], never, NULL);
    KeSetTimer(&s.timer[1], longest, NULL);
    sleep_ms(20);
    dt_expect(!KeReadStateTimer(&s.timer[0]) && !KeReadStateTimer(&s.timer[1]));
    KeSetTimer(&s.timer[2], past, NULL); /* some instant of the year 1601 */
    wait_for(&s.timer[2]);
    dt_expect(KeCancelTimer(&s.timer[0]) && KeCancelTimer(&s.timer[1]));
}

/* DT-T12: a relative due time that lost its sign; the time-out of a wait is not a timer's. */
static void lost_sign(void *ctx)
{
    LARGE_INTEGER due = {.QuadPart = *(const LONGLONG *)ctx};

    begin();
    KeSetTimer(&s.timer[0], due, NULL);
    KeDelayExecutionThread(KernelMode, FALSE, &due);
    KeCancelTimer(&s.timer[0]);
}

static void test_lost_sign(void **state)
{
    static const struct {
        LONGLONG due;
        unsigned warnings;
    } cases[] = {
        {1, 1}, {10000000, 1}, {TEN_YEARS - 1, 1}, {TEN_YEARS, 0}, {0, 0}, {-10000, 0}, {132000000000000000, 0}};
    struct dt_config cfg = config(1);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dt_result r = {0};

        assert_int_equal(dt_run(&cfg, lost_sign, (void *)&cases[i].due, &r), 0);
        assert_int_equal(r.verdict, DT_PASS);
        assert_int_equal(r.warnings, cases[i].warnings);
        assert_string_equal(r.finding.rule, cases[i].warnings ? "DT-T12" : "");
    }
}

static void test_signs(void **state)
{
    struct dt_config cfg = config(2);

    (void)state;
    passes(set_backwards);
    cfg.faithful = true; /* a due time in 1601 is what DT-T12 warns of */
    passes_with(&cfg, far_away);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_system_wide),
        cmocka_unit_test(test_ticks),
        cmocka_unit_test(test_signs),
        cmocka_unit_test(test_lost_sign),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
