/* SPDX-License-Identifier: MIT */
/* KeSetCoalescableTimer: the same as KeSetTimerEx but for its windows. */
#include "ktimer.h"

/* KTM-091: tolerance 0 is KeSetTimerEx, in results, times and calls. KTM-095: units; period 0 is a one-shot. */
static void without_tolerance(void *ctx)
{
    (void)ctx;
    for (unsigned i = 0; i < 2; i++) {
        begin(3);
        uint64_t from = KeQueryInterruptTime();
        BOOLEAN  was_set =
            i ? KeSetCoalescableTimer(&s.timer, in_ms(7), 11, 0, &s.dpc) : KeSetTimerEx(&s.timer, in_ms(7), 11, &s.dpc);

        dt_expect(!was_set);
        wait_for(&s.done);
        end();
        for (unsigned k = 0; k < 3; k++)
            expect_between(s.at[k], from, (7 + 11 * k) * MS, (7 + 11 * k) * MS + (simulated() ? 0 : 1));
    }
    begin(0);
    KeSetCoalescableTimer(&s.timer, in_ms(1), 0, 0, &s.dpc);
    sleep_ms(20);
    KeFlushQueuedDpcs();
    dt_expect_eq(s.calls, 1);
    dt_expect(!KeCancelTimer(&s.timer));
}

/* KTM-092: TRUE if it was set; not signaled; the set before is cancelled; DISPATCH_LEVEL is allowed. KTM-100. */
static void results(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin(1);
    KeSetTimer(&s.timer, in_ms(1), NULL);
    while (!KeReadStateTimer(&s.timer))
        sleep_ms(1);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    dt_expect(!KeSetCoalescableTimer(&s.timer, in_ms(100000), 0, 50, &s.dpc));
    dt_expect(!KeReadStateTimer(&s.timer));
    dt_expect(KeSetCoalescableTimer(&s.timer, in_ms(10), 0, 50, &s.dpc));
    KeLowerIrql(irql);
    wait_for(&s.done);
    end();
    dt_expect_eq(s.calls, 1);
}

/* KTM-014: 0 is at once, with any tolerance. */
static void at_once(void *ctx)
{
    (void)ctx;
    begin(1);
    sleep_ms(7);
    uint64_t from = KeQueryInterruptTime();

    KeSetCoalescableTimer(&s.timer, in_100ns(0), 0, 1000, &s.dpc);
    wait_for(&s.done);
    dt_expect(!simulated() || s.at[0] <= from + MS);
    end();
}

static void test_like_the_others(void **state)
{
    (void)state;
    passes(at_once);
    passes(without_tolerance);
    passes(results);
}

/* KTM-093: in [due, due + tolerance], whatever the two are; the tick comes on top. */
static void window(ULONG due_ms, ULONG tolerance_ms)
{
    begin(1);
    uint64_t from = KeQueryInterruptTime();

    KeSetCoalescableTimer(&s.timer, in_ms(due_ms), 0, tolerance_ms, &s.dpc);
    wait_for(&s.done);
    expect_between(s.at[0], from, due_ms * MS, (due_ms + tolerance_ms) * MS + TICK_1MS);
    end();
}

static void windows(void *ctx)
{
    (void)ctx;
    if (!simulated()) {
        window(10, 32);
        window(1, 100);
        return;
    }
    for (ULONG due = 1; due < 400; due += 13)
        for (ULONG tolerance = 32; tolerance < 2000; tolerance = tolerance * 2 + 3)
            window(due, tolerance);
}

/* KTM-094: gaps in [period - tolerance, period + tolerance]. */
static void gaps(void *ctx)
{
    (void)ctx;
    begin(8);
    uint64_t from = KeQueryInterruptTime();

    KeSetCoalescableTimer(&s.timer, in_ms(17), 60, 40, &s.dpc);
    wait_for(&s.done);
    end();
    expect_between(s.at[0], from, 17 * MS, 57 * MS + TICK_1MS);
    for (unsigned i = 1; i < 8 && simulated(); i++)
        expect_between(s.at[i], s.at[i - 1], 20 * MS, 100 * MS);
}

static void test_windows(void **state)
{
    (void)state;
    passes(windows);
    passes(gaps);
}

/* KTM-097: two windows that overlap where both can be served: one clock interrupt. */
static void shared(void *ctx)
{
    (void)ctx;
    begin(2);
    uint64_t from = KeQueryInterruptTime();

    KeSetCoalescableTimer(&s.timer, in_ms(80), 0, 50, &s.dpc);
    KeSetCoalescableTimer(&s.second, in_ms(95), 0, 80, &s.other);
    wait_for(&s.done);
    end();
    expect_between(s.at[0], from, 80 * MS, 131 * MS);
    dt_expect(s.at[0] == s.at[1] || !simulated());
}

/* KTM-098: on a processor that is busy all the time too. */
static void shared_when_busy(void *ctx)
{
    (void)ctx;
    begin(2);
    KeSetCoalescableTimer(&s.timer, in_ms(80), 0, 50, &s.dpc);
    KeSetCoalescableTimer(&s.second, in_ms(95), 0, 80, &s.other);
    stall_ms(200);
    wait_for(&s.done);
    end();
    dt_expect(s.at[1] - s.at[0] < 1 * MS || !simulated());
    dt_expect(s.at[0] > 95 * MS || !simulated()); /* the first could have been called at 80 ms */
}

static void test_shared(void **state)
{
    struct dt_config cfg = config(1);

    (void)state;
    passes(shared);
    passes_with(&cfg, shared_when_busy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_like_the_others),
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_shared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
