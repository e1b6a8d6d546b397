/* SPDX-License-Identifier: MIT */
/*
 * Corners of KTIMER where drivers, and tests written on Windows, look at a result at once: due times in the past, return
 * values while a DPC is queued, many timers at a time.
 */
#include "machine.h"

static struct {
    KTIMER        timer, other[40];
    KEVENT        first;
    KDPC          dpc, dpcs[40];
    volatile LONG calls, order[41], expired;
    BOOLEAN       results[4];
} s;

static void count(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    InterlockedIncrement(&s.calls);
}

static void begin(TIMER_TYPE type)
{
    memset(&s, 0, sizeof s);
    KeInitializeTimerEx(&s.timer, type);
    KeInitializeDpc(&s.dpc, count, NULL);
}

static void run_dpcs(void)
{
    KeFlushQueuedDpcs();
}

/* KTM-014, KTM-015, KTM-029, KTM-069: 0 and any past time are due at once; the results say only what was in the queue. */
static void past(void *ctx)
{
    LARGE_INTEGER due[3] = {{.QuadPart = 0}, {.QuadPart = 1}, {.QuadPart = 0}};

    (void)ctx;
    KeQuerySystemTime(&due[2]);
    due[2].QuadPart -= 50000;
    begin(NotificationTimer);
    for (int i = 0; i < 3; i++) {
        dt_expect(!KeSetTimer(&s.timer, due[i], &s.dpc));
        dt_expect_eq(wait_ms(&s.timer, 1000), STATUS_SUCCESS);
        dt_expect(KeReadStateTimer(&s.timer));
        dt_expect(!KeCancelTimer(&s.timer));
        dt_expect(KeReadStateTimer(&s.timer)); /* KTM-070 */
        run_dpcs();
        dt_expect_eq(s.calls, i + 1);
    }
}

static void test_past(void **state)
{
    struct dt_config coarse = config(2);

    (void)state;
    coarse.faithful = true; /* a due time in 1601 is what DT-T12 warns of */
    coarse.tick_100ns = DT_TICK_DEFAULT;
    passes_with(&coarse, past);
    coarse.tick_100ns = TICK_1MS;
    always_with(&coarse, past, 1);
}

/* KTM-014, KTM-058: a periodic timer with a past first due time is set on, its first DPC already queued or run. */
static void past_periodic(void *ctx)
{
    LARGE_INTEGER zero = {.QuadPart = 0};

    (void)ctx;
    begin(SynchronizationTimer);
    dt_expect(!KeSetTimerEx(&s.timer, zero, 20, &s.dpc));
    wait_for(&s.timer);
    dt_expect(KeSetTimerEx(&s.timer, in_ms(5), 0, &s.dpc)); /* KTM-030, KTM-032: and now it is a one-shot */
    wait_for(&s.timer);
    dt_expect_eq(wait_ms(&s.timer, 60), STATUS_TIMEOUT);
    dt_expect(!KeCancelTimer(&s.timer));
    run_dpcs();
    dt_expect(s.calls >= 1); /* in real time periods may pass before the second set, or the first DPC be late */
    dt_expect(!simulated() || s.calls == 2);
}

static void test_past_periodic(void **state)
{
    struct dt_config cfg = config(2);

    (void)state;
    cfg.faithful = true;
    passes_with(&cfg, past_periodic);
}

/* KTM-065, KTM-066, KTM-067, KTM-068, at DISPATCH_LEVEL, with the DPC queued and not run. */
static void results_with_dpc_queued(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin(NotificationTimer);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeSetTimer(&s.timer, in_ms(2), &s.dpc);
    KeStallExecutionProcessor(5000);
    s.results[0] = KeReadStateTimer(&s.timer);
    s.results[1] = KeCancelTimer(&s.timer);
    KeSetTimerEx(&s.timer, in_ms(2), 50, &s.dpc);
    KeStallExecutionProcessor(5000);
    s.results[2] = KeCancelTimer(&s.timer);
    s.results[3] = KeCancelTimer(&s.timer);
    KeLowerIrql(irql);
    run_dpcs();
}

static void one_processor_results(void *ctx)
{
    results_with_dpc_queued(ctx);
    dt_expect(s.results[0] && !s.results[1] && s.results[2] && !s.results[3]);
    dt_expect_eq(s.calls, 1); /* the second expiry found it queued (KTM-050) */
    dt_expect(!KeRemoveQueueDpc(&s.dpc));
}

static void test_results(void **state)
{
    struct dt_config one = config(1);

    (void)state;
    one.faithful = true; /* stalls of milliseconds are what DT-B01 and DT-B04 are about */
    if (simulated())
        passes_with(&one, one_processor_results);
}

static void note_order(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)context, (void)a, (void)b;
    s.order[InterlockedIncrement(&s.expired) - 1] = (LONG)(dpc - s.dpcs);
    KeSetEvent(&s.first, IO_NO_INCREMENT, FALSE);
}

/* KTM-035, KTM-039: with many timers set, one set last and due first expires first, and on time. */
static void many_then_an_earlier_one(void *ctx)
{
    (void)ctx;
    memset(&s, 0, sizeof s);
    KeInitializeEvent(&s.first, NotificationEvent, FALSE);
    for (int i = 0; i < 40; i++) {
        KeInitializeTimer(&s.other[i]);
        KeInitializeDpc(&s.dpcs[i], note_order, NULL);
        KeSetTimer(&s.other[i], in_ms(4000 - 50 * i), &s.dpcs[i]);
    }
    ULONGLONG began = KeQueryInterruptTime();

    KeSetTimer(&s.other[0], in_ms(30), &s.dpcs[0]);
    wait_for(&s.first);
    dt_expect(s.expired == 1 && s.order[0] == 0);
    dt_expect(!simulated() || KeQueryInterruptTime() - began <= 31 * 10000);
    for (int i = 1; i < 40; i++)
        dt_expect(KeCancelTimer(&s.other[i]));
    dt_expect(!KeCancelTimer(&s.other[0]));
}

/* KTM-035, KTM-039: the first of many is not put off by those set after it and due later. */
static void many_after_an_early_one(void *ctx)
{
    memset(&s, 0, sizeof s);
    KeInitializeEvent(&s.first, NotificationEvent, FALSE);
    for (int i = 0; i < 40; i++) {
        KeInitializeTimer(&s.other[i]);
        KeInitializeDpc(&s.dpcs[i], note_order, NULL);
    }
    ULONGLONG began = KeQueryInterruptTime();

    if (ctx) /* more than one of many that is earlier than all before it, and then one later than that */
        for (int i = 39; i >= 2; i--)
            KeSetTimer(&s.other[i], in_ms(1000 + 100 * i), &s.dpcs[i]);
    for (int i = 0; i < 40; i++)
        KeSetTimer(&s.other[i], in_ms(30 + 100 * i), &s.dpcs[i]);
    wait_for(&s.first);
    dt_expect(s.order[0] == 0 && (s.expired == 1 || !simulated()));
    dt_expect(!simulated() || KeQueryInterruptTime() - began <= 31 * 10000);
    for (int i = 0; i < 40; i++)
        KeCancelTimer(&s.other[i]);
    KeFlushQueuedDpcs();
}

static void many_reset_after_an_early_one(void *ctx)
{
    (void)ctx;
    many_after_an_early_one(&s);
}

static void test_many(void **state)
{
    struct dt_config one = config(1);

    (void)state;
    passes(many_reset_after_an_early_one);
    passes(many_after_an_early_one);
    passes_with(&one, many_after_an_early_one);
    passes(many_then_an_earlier_one);
    passes_with(&one, many_then_an_earlier_one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_past),
        cmocka_unit_test(test_past_periodic),
        cmocka_unit_test(test_results),
        cmocka_unit_test(test_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
