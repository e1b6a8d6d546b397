/* SPDX-License-Identifier: MIT */
/* KTIMER: when it expires. Ticks, periods, changes of system time, extreme due times. */
#include "ktimer.h"

/* ---- one-shots; NT's tick of 15.625 ms ---- */

/* From the call to the DPC; the call is off_us after a tick. */
static uint64_t how_long(int64_t due, unsigned off_us)
{
    begin(1);
    sleep_ms(1); /* to a tick */
    KeStallExecutionProcessor(off_us);
    uint64_t from = now();

    if (due >= 0) /* absolute: so long from now */
        due += (int64_t)system_time();
    KeSetTimer(&s.timer, in_100ns(due), &s.dpc);
    wait_for(&s.done);
    end();
    return s.at[0] - from;
}

/* KTM-017: absolute: at the first tick after the due time, never before it. KTM-013: units and sign. */
static void absolute(void *ctx)
{
    (void)ctx;
    for (unsigned us = 0; us < 15000; us += 2500)
        for (int64_t due = 1; due < 50 * MS; due += 7 * MS)
            dt_expect(is_between(how_long(due, us), (uint64_t)due, (uint64_t)due + TICK_NT));
}

/* KTM-018: relative: from the last tick, so a tick early or late; KTM-019: short ones may expire at once. */
static void relative(void *ctx)
{
    bool early = false, late = false, at_once = false;

    (void)ctx;
    for (unsigned us = 100; us <= 15500; us += 3080) {
        for (int64_t due = 2 * MS; due < 50 * MS; due += 7 * MS) {
            uint64_t took = how_long(-due, us);

            dt_expect(is_between(took + TICK_NT, (uint64_t)due, (uint64_t)due + 2 * TICK_NT));
            early |= took < (uint64_t)due;
            late |= took > (uint64_t)due;
            at_once |= due < TICK_NT && took < MS;
        }
    }
    dt_expect((early && late && at_once) || !simulated());
}

/* KTM-016: 100 ns: not after the next tick. */
static void shortest(void *ctx)
{
    (void)ctx;
    for (unsigned us = 0; us < 15600; us += 2600)
        dt_expect(is_between(how_long(-1, us), 0, TICK_NT - us * 10));
}

/* KTM-014, KTM-015: zero and the past: at once; the result says only whether it was set. */
static void past(void *ctx)
{
    (void)ctx;
    dt_expect(is_between(how_long(0, 7000), 0, TICK_NT));
    for (unsigned i = 0; i < 2; i++) {
        begin(1);
        if (i)
            KeSetTimer(&s.timer, in_ms(100000), NULL);
        uint64_t from = now();

        dt_expect_eq(KeSetTimer(&s.timer, in_100ns(i ? (int64_t)system_time() - 1000 * MS : 0), &s.dpc), i);
        wait_for(&s.done);
        expect_between(s.at[0], from, 0, TICK_NT);
        dt_expect(KeReadStateTimer(&s.timer));
    }
}

/* KTM-026: ExSetTimerResolution: the same windows with the new tick. */
static void finer_clock(void *ctx)
{
    (void)ctx;
    dt_expect_eq(ExSetTimerResolution(FINE, TRUE), FINE);
    for (unsigned us = 0; us < 1000; us += 300) {
        dt_expect(is_between(how_long(-20 * MS, us) + FINE, 20 * MS, 20 * MS + 2 * FINE));
        dt_expect(is_between(how_long(20 * MS, us), 20 * MS, 20 * MS + FINE));
    }
    ExSetTimerResolution(0, FALSE);
}

static void test_windows(void **state)
{
    (void)state;
    if (simulated()) { /* half a minute of real time */
        on_nt_tick(absolute);
        on_nt_tick(relative);
    }
    on_nt_tick(shortest);
    on_nt_tick(past);
    on_nt_tick(finer_clock);
}

/* KTM-020: a clock interrupt that cannot be delivered makes the timer later than its window. */
static void late_delivery(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin(1);
    uint64_t from = now();

    KeSetTimer(&s.timer, in_ms(10), &s.dpc);
    KeRaiseIrql(HIGH_LEVEL, &irql);
    stall_ms(60);
    KeLowerIrql(irql);
    wait_for(&s.done);
    expect_between(s.at[0], from, 60 * MS, 61 * MS);
}

static void test_late_delivery(void **state)
{
    struct dt_config cfg = config(1);

    (void)state;
    if (simulated())
        passes_with(&cfg, late_delivery);
}

/* KTM-024: the ends of the range are far away, not around the corner. */
static void extremes(void *ctx)
{
    static const int64_t far[] = {INT64_MIN, MAXLONGLONG, INT64_MIN + 1, MAXLONGLONG - 1};

    (void)ctx;
    for (unsigned i = 0; i < 4; i++) {
        begin(0);
        dt_expect(!KeSetTimerEx(&s.timer, in_100ns(far[i]), 1, &s.dpc));
        sleep_ms(simulated() ? 100000 : 20);
        dt_expect_eq(s.calls, 0);
        dt_expect(KeCancelTimer(&s.timer));
    }
}

/* KTM-025: equal due times: the same tick. */
static void equal_due_times(void *ctx)
{
    (void)ctx;
    begin(2);
    KeSetTimer(&s.timer, in_ms(20), &s.dpc);
    KeSetTimer(&s.second, in_ms(20), &s.other);
    wait_for(&s.done);
    end();
    dt_expect(s.at[0] == s.at[1] || !simulated());
}

static void test_due_times(void **state)
{
    (void)state;
    on_nt_tick(extremes);
    on_nt_tick(equal_due_times);
}

/* ---- periods ---- */

static bool intervals_are(LONG n, uint64_t length)
{
    for (LONG i = 1; i < n; i++)
        if (s.at[i] - s.at[i - 1] != length)
            return !simulated();
    return true;
}

/* KTM-035: first at the due time, then a period apart. KTM-036: below a tick: one expiration a tick. */
static void periods(void *ctx)
{
    (void)ctx;
    begin(5);
    uint64_t from = KeQueryInterruptTime();

    KeSetTimerEx(&s.timer, in_ms(125), 250, &s.dpc); /* 8 and 16 ticks */
    sleep_ms(simulated() ? 1250 : 400);
    end();
    expect_between(s.at[0], from, 125 * MS, 125 * MS);
    dt_expect(intervals_are(s.calls, 250 * MS));
    begin(10);
    KeSetTimerEx(&s.timer, in_ms(1), 1, &s.dpc);
    wait_for(&s.done);
    end();
    dt_expect(intervals_are(10, TICK_NT));
}

/* KTM-061: -1 and a period of 1000 ms for 2.5 s: three calls, and none after the cancel. */
static void three_calls(void *ctx)
{
    (void)ctx;
    begin(0);
    KeSetTimerEx(&s.timer, in_100ns(-1), 1000, &s.dpc);
    sleep_ms(2500);
    dt_expect(KeCancelTimer(&s.timer));
    KeFlushQueuedDpcs();
    dt_expect(s.calls == 3 || (!simulated() && s.calls >= 1)); /* the host may sleep longer, or call late */
    LONG calls = s.calls;

    sleep_ms(simulated() ? 5000 : 10);
    dt_expect_eq(s.calls, calls);
}

/* KTM-014 for a period: it begins at the first expiration, not a multiple of it after 1601. */
static void period_from_the_past(void *ctx)
{
    (void)ctx;
    sleep_ms(333);
    begin(3);
    KeSetTimerEx(&s.timer, in_100ns(0), 250, &s.dpc);
    wait_for(&s.done);
    end();
    dt_expect(intervals_are(3, 250 * MS));
}

static void test_periods(void **state)
{
    (void)state;
    on_nt_tick(periods);
    on_nt_tick(three_calls);
    on_nt_tick(period_from_the_past);
}

/* KTM-058: the next period begins at the expiration, before the DPC has run: a slow DPC does not stretch it. */
static KDEFERRED_ROUTINE slow;

static VOID slow(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    tick(dpc, context, a, b);
    stall_ms(3);
}

static void slow_dpc(void *ctx)
{
    (void)ctx;
    begin(5);
    KeInitializeDpc(&s.dpc, slow, &s);
    KeSetTimerEx(&s.timer, in_ms(5), 5, &s.dpc);
    wait_for(&s.done);
    end();
    dt_expect(intervals_are(5, 5 * MS));
}

/* KTM-107: a one-shot set again by its DPC: FALSE, and each cycle adds the DPC's own time; a periodic one adds none. */
static KDEFERRED_ROUTINE sets_again;

static VOID sets_again(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    tick(dpc, context, a, b);
    KeStallExecutionProcessor(500);
    KeStallExecutionProcessor(700);
    if (s.calls < 5)
        s.result |= KeSetTimer(&s.timer, in_ms(5), &s.dpc);
}

static void set_by_its_dpc(void *ctx)
{
    (void)ctx;
    begin(5);
    KeInitializeDpc(&s.dpc, sets_again, &s);
    KeSetTimer(&s.timer, in_ms(5), &s.dpc);
    wait_for(&s.done);
    end();
    dt_expect(!s.result);
    dt_expect(intervals_are(5, 6 * MS)); /* 1.2 ms of DPC are one tick of 1 ms */
}

static void test_slow_dpc(void **state)
{
    (void)state;
    faithful(slow_dpc, 1);
    faithful(set_by_its_dpc, 1);
}

/* ---- system time ---- */

/* KTM-021, KTM-022, KTM-023: what an absolute and a relative timer do when the clock is changed 10 ms after the set. */
static void set_clock(int64_t change_ms, bool is_absolute, LONG period_ms, int64_t expected_ms)
{
    begin(period_ms ? 4 : 1);
    uint64_t from = now();
    int64_t  due = is_absolute ? (int64_t)system_time() + 100 * MS : -100 * MS;

    KeSetTimerEx(&s.timer, in_100ns(due), period_ms, &s.dpc);
    sleep_ms(10);
    dt_set_system_time(system_time() + (uint64_t)(change_ms * MS));
    bool in_time = now() - from < 99 * MS; /* the host may have slept beyond the due time */

    wait_for(&s.done);
    end();
    if (in_time)
        expect_between(s.at[0], from, (expected_ms - 1) * MS, (expected_ms + 2) * MS);
    if (period_ms)
        dt_expect(intervals_are(4, (uint64_t)period_ms * MS));
}

static void system_time_changes(void *ctx)
{
    (void)ctx;
    set_clock(60, true, 0, 40);      /* forward, not yet past */
    set_clock(3600000, true, 0, 10); /* forward, past now: expires */
    set_clock(-60, true, 0, 160);    /* backward: waits longer */
    set_clock(3600000, false, 0, 100);
    set_clock(-3600000, false, 0, 100);
    set_clock(60, true, 20, 40); /* only the first expiration follows */
    set_clock(3600000, true, 20, 10);
    set_clock(-60, true, 20, 160);
}

/* KTM-023: a change between two periods does not matter either. */
static void changed_later(void *ctx)
{
    (void)ctx;
    begin(6);
    KeSetTimerEx(&s.timer, in_100ns((int64_t)system_time() + 10 * MS), 10, &s.dpc);
    sleep_ms(25);
    dt_set_system_time(system_time() + 3600000ull * MS);
    sleep_ms(10);
    dt_set_system_time(system_time() - 7200000ull * MS);
    wait_for(&s.done);
    end();
    dt_expect(intervals_are(6, 10 * MS));
}

static void test_system_time(void **state)
{
    (void)state;
    passes(system_time_changes);
    passes(changed_later);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_late_delivery),
        cmocka_unit_test(test_due_times),
        cmocka_unit_test(test_periods),
        cmocka_unit_test(test_slow_dpc),
        cmocka_unit_test(test_system_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
