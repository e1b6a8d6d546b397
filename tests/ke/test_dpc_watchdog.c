/* SPDX-License-Identifier: MIT */
/* The DPC watchdog and KeShouldYieldProcessor. DPC-072 .. DPC-077. */
#include "../machine.h"

enum { LIMIT_MS = 20, SERIES = 6 };

static struct {
    KDPC                      dpc[8];
    KDPC_WATCHDOG_INFORMATION first, second;
    LONG                      calls;
    BOOLEAN                   yield;
} s;

static struct dt_config watched(unsigned limit_ms)
{
    struct dt_config cfg = config(2);

    cfg.dpc_watchdog_ms = limit_ms;
    cfg.faithful = true; /* all of these are far beyond what DT-B01 warns of */
    return cfg;
}

static KDEFERRED_ROUTINE stalls;

static VOID stalls(PKDPC dpc, PVOID context, PVOID ms, PVOID b)
{
    (void)dpc, (void)context, (void)b;
    for (uintptr_t i = 0; i < (uintptr_t)ms; i++)
        KeStallExecutionProcessor(1000);
    s.calls++;
}

static void queue(int n, unsigned ms)
{
    KIRQL irql;

    memset(&s, 0, sizeof s);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    for (int i = 0; i < n; i++) {
        KeInitializeDpc(&s.dpc[i], stalls, NULL);
        KeInsertQueueDpc(&s.dpc[i], (PVOID)(uintptr_t)ms, NULL);
    }
    KeLowerIrql(irql);
    dt_expect_eq(s.calls, n);
}

static void one_too_long(void *ctx)
{
    (void)ctx;
    queue(1, LIMIT_MS + 1);
}

static void one_at_the_limit(void *ctx)
{
    (void)ctx;
    queue(1, LIMIT_MS);
}

static void series_too_long(void *ctx)
{
    (void)ctx;
    queue(SERIES + 1, LIMIT_MS);
}

static void series_at_the_limit(void *ctx)
{
    (void)ctx;
    queue(SERIES, LIMIT_MS);
}

/* Two series: between them the processor was below DISPATCH_LEVEL. */
static void two_series(void *ctx)
{
    (void)ctx;
    queue(4, LIMIT_MS);
    queue(4, LIMIT_MS);
}

/* A thread at DISPATCH_LEVEL counts too. */
static void thread_too_long(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    for (int i = 0; i <= SERIES * LIMIT_MS; i++)
        KeStallExecutionProcessor(1000);
    KeLowerIrql(irql);
}

static void expect_parameters(const struct dt_config *cfg, dt_body *body, uint64_t p1, uint64_t p2, uint64_t p3)
{
    struct dt_result r;

    if (!simulated())
        return;
    assert_int_equal(dt_run(cfg, body, NULL, &r), 0);
    assert_int_equal(r.finding.param[0], p1);
    assert_int_equal(r.finding.param[1], p2);
    assert_int_equal(r.finding.param[2], p3);
}

/* DPC-072. A tick is 1 ms here. */
static void test_limits(void **state)
{
    struct dt_config cfg = watched(LIMIT_MS), off = watched(0);

    (void)state;
    caught_with(&cfg, one_too_long, "DT-B01", 0x133);
    expect_parameters(&cfg, one_too_long, 0, LIMIT_MS + 1, LIMIT_MS);
    passes_with(&cfg, one_at_the_limit);
    caught_with(&cfg, series_too_long, "DT-B01", 0x133);
    expect_parameters(&cfg, series_too_long, 1, SERIES * LIMIT_MS, 0);
    passes_with(&cfg, series_at_the_limit);
    passes_with(&cfg, two_series);
    caught_with(&cfg, thread_too_long, "DT-B01", 0x133);
    passes_with(&off, one_too_long); /* DPC-073 */
}

/* ---- what is left ---- */

static KDEFERRED_ROUTINE asks;

static VOID asks(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    KeStallExecutionProcessor(1000);
    dt_expect_eq(KeQueryDpcWatchdogInformation(&s.first), STATUS_SUCCESS);
    KeStallExecutionProcessor(3000);
    dt_expect_eq(KeQueryDpcWatchdogInformation(&s.second), STATUS_SUCCESS);
    s.calls++;
}

static void ask(void)
{
    KIRQL irql;

    memset(&s, 0, sizeof s);
    KeInitializeDpc(&s.dpc[0], asks, NULL);
    KeInitializeDpc(&s.dpc[1], stalls, NULL);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeInsertQueueDpc(&s.dpc[1], (PVOID)2, NULL);
    KeInsertQueueDpc(&s.dpc[0], NULL, NULL);
    KeLowerIrql(irql);
    dt_expect_eq(s.calls, 2);
}

/* DPC-075: of one DPC, and over a sequence of them. */
static void counts(void *ctx)
{
    (void)ctx;
    ask();
    dt_expect_eq(s.first.DpcTimeLimit, LIMIT_MS);
    dt_expect_eq(s.first.DpcTimeCount, LIMIT_MS - 1);
    dt_expect_eq(s.second.DpcTimeCount, LIMIT_MS - 4);
    dt_expect_eq(s.first.DpcWatchdogLimit, SERIES * LIMIT_MS);
    dt_expect_eq(s.first.DpcWatchdogCount, SERIES * LIMIT_MS - 3);
    dt_expect_eq(s.second.DpcWatchdogCount, SERIES * LIMIT_MS - 6);
}

/* DPC-073. */
static void no_counts(void *ctx)
{
    (void)ctx;
    ask();
    dt_expect_eq(s.second.DpcTimeLimit, 0);
    dt_expect_eq(s.second.DpcWatchdogLimit, 0);
}

/* DPC-074. */
static void status(void *ctx)
{
    KDPC_WATCHDOG_INFORMATION info;
    KIRQL                     irql;

    (void)ctx;
    dt_expect_eq(KeQueryDpcWatchdogInformation(&info), STATUS_UNSUCCESSFUL);
    KeRaiseIrql(APC_LEVEL, &irql);
    dt_expect_eq(KeQueryDpcWatchdogInformation(&info), (NTSTATUS)0xC0000001);
    KeLowerIrql(irql);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    dt_expect_eq(KeQueryDpcWatchdogInformation(&info), STATUS_SUCCESS);
    KeLowerIrql(irql);
    KeRaiseIrql(HIGH_LEVEL, &irql);
    dt_expect_eq(KeQueryDpcWatchdogInformation(&info), STATUS_SUCCESS);
    KeLowerIrql(irql);
}

static void test_information(void **state)
{
    struct dt_config cfg = watched(LIMIT_MS), off = watched(0);

    (void)state;
    passes_with(&cfg, counts);
    passes_with(&off, no_counts);
    passes(status);
}

/* ---- DPC-077 ---- */

static void should_yield(void *ctx)
{
    KIRQL irql, same;

    (void)ctx;
    KeStallExecutionProcessor(5000);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    dt_expect(!KeShouldYieldProcessor());
    KeStallExecutionProcessor(2000);
    dt_expect(KeShouldYieldProcessor());
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeRaiseIrql(HIGH_LEVEL, &same);
    KeLowerIrql(same);
    dt_expect(KeShouldYieldProcessor()); /* it was not below */
    KeLowerIrql(irql);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    dt_expect(!KeShouldYieldProcessor());
    KeLowerIrql(irql);
}

static KDEFERRED_ROUTINE asks_to_yield;

static VOID asks_to_yield(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    dt_expect(!KeShouldYieldProcessor());
    KeStallExecutionProcessor(2000);
    s.yield = KeShouldYieldProcessor() != 0;
}

static void dpc_should_yield(void *ctx)
{
    (void)ctx;
    memset(&s, 0, sizeof s);
    KeInitializeDpc(&s.dpc[0], asks_to_yield, NULL);
    KeInsertQueueDpc(&s.dpc[0], NULL, NULL);
    dt_expect(s.yield);
}

static void test_yield(void **state)
{
    struct dt_config off = watched(0);

    (void)state;
    passes_with(&off, should_yield);
    passes_with(&off, dpc_should_yield);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_information),
        cmocka_unit_test(test_yield),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
