/* SPDX-License-Identifier: MIT */
/* EX_TIMERs and the clock: ticks, high resolution, changes of system time. NT's tick: 15.625 ms, 1 ms at its finest. */
#include "extimer.h"

enum { TICK = TICK_NT, FINE = 10000, MS = 10000 };

static ULONG resolution(void)
{
    ULONG longest, shortest, current;

    ExQueryTimerResolution(&longest, &shortest, &current);
    dt_expect_eq(longest, TICK);
    dt_expect_eq(shortest, FINE);
    return current;
}

static void on_nt_tick(dt_body *body)
{
    struct dt_config cfg = config_tick(2, TICK);

    passes_with(&cfg, body);
}

/* ---- periods ---- */

/* EXT-053: at most one expiration per tick: no more than 64 in a second. */
static void below_a_tick(void *ctx)
{
    (void)ctx;
    begin(0, 0);
    uint64_t from = now();

    set_ms(1, 1);
    sleep_ms(1000);
    end();
    /* 64 ticks, and one for where the second begins; in real time it is more than a second */
    dt_expect(s.calls <= (simulated() ? 65 : (LONG)((now() - from) / TICK) + 2));
    dt_expect(s.calls >= 63 || !simulated());
    for (LONG i = 1; i < s.calls && simulated(); i++)
        dt_expect_eq(s.at[i] - s.at[i - 1], TICK);
}

/* EXT-055: a multiple of the tick gives uniform intervals. */
static void whole_ticks(void *ctx)
{
    (void)ctx;
    begin(0, 5);
    ExSetTimer(s.timer, -TICK, 4 * TICK, NULL);
    wait_for(&s.done);
    ExCancelTimer(s.timer, NULL);
    for (unsigned i = 1; i < 5 && simulated(); i++)
        dt_expect_eq(s.at[i] - s.at[i - 1], 4 * TICK);
    end();
}

/* EXT-054, EXT-112: somebody else's high-resolution timer makes the clock, and so this timer, finer. */
static void finer_by_another(void *ctx)
{
    PEX_TIMER other = ExAllocateTimer(NULL, NULL, EX_TIMER_HIGH_RESOLUTION);

    (void)ctx;
    begin(0, 3);
    set_ms(1, 1);
    wait_for(&s.done);
    dt_expect(!simulated() || s.at[2] - s.at[1] == TICK);
    ExSetTimer(other, -500 * MS, 0, NULL);
    sleep_ms(2);
    KeClearEvent(&s.done);
    InterlockedExchange(&s.calls, 0);
    wait_for(&s.done);
    dt_expect(!simulated() || s.at[2] - s.at[1] == FINE);
    end();
    ExDeleteTimer(other, TRUE, TRUE, NULL);
    dt_expect_eq(resolution(), TICK);
}

static void test_periods(void **state)
{
    (void)state;
    on_nt_tick(below_a_tick);
    on_nt_tick(whole_ticks);
    on_nt_tick(finer_by_another);
}

/* ---- accuracy ---- */

static uint64_t how_long(ULONG attributes, int64_t due, unsigned off_tick_us)
{
    begin(attributes, 1);
    sleep_ms(1);
    KeStallExecutionProcessor(off_tick_us);
    uint64_t from = now();

    ExSetTimer(s.timer, -due, 0, NULL);
    wait_for(&s.done);
    end();
    return s.at[0] - from;
}

/* EXT-105, EXT-106: high resolution: never early, at most one of the finest intervals late. */
static void high_resolution(void *ctx)
{
    static const unsigned off[] = {0, 1, 300, 999, 7000, 15600};

    (void)ctx;
    for (unsigned i = 0; i < sizeof off / sizeof *off; i++) {
        dt_expect(is_between(how_long(EX_TIMER_HIGH_RESOLUTION, 3 * MS, off[i]), 3 * MS, 3 * MS + FINE));
        dt_expect(is_between(how_long(EX_TIMER_HIGH_RESOLUTION, 25 * MS + 1, off[i]), 25 * MS + 1, 25 * MS + 1 + FINE));
    }
}

/* EXT-107: default resolution: early or late by up to one tick; here are both. */
static void default_resolution(void *ctx)
{
    bool early = false, late = false;

    (void)ctx;
    for (unsigned us = 0; us < 15000; us += 3000) {
        uint64_t took = how_long(0, 20 * MS, us);

        dt_expect(is_between(took, 20 * MS - TICK, 20 * MS + TICK));
        early |= took < 20 * MS;
        late |= took > 20 * MS;
    }
    dt_expect((early && late) || !simulated());
}

static void test_accuracy(void **state)
{
    (void)state;
    on_nt_tick(high_resolution);
    on_nt_tick(default_resolution);
}

/* ---- the clock's rate ---- */

/* EXT-108: the set, not the allocation, raises the rate. EXT-109: expiry, cancel and delete let it go. */
static void rate(void *ctx)
{
    (void)ctx;
    begin(EX_TIMER_HIGH_RESOLUTION, 1);
    dt_expect_eq(resolution(), TICK);
    set_ms(100000, 0);
    dt_expect_eq(resolution(), FINE);
    ExCancelTimer(s.timer, NULL);
    dt_expect_eq(resolution(), TICK);
    set_ms(2, 0);
    wait_for(&s.done);
    dt_expect_eq(resolution(), TICK);
    set_ms(100000, 500);
    set_ms(110000, 0);
    dt_expect_eq(resolution(), FINE);
    end();
    dt_expect_eq(resolution(), TICK);
}

/* EXT-109: subject to ExSetTimerResolution. */
static void requested(void *ctx)
{
    (void)ctx;
    begin(EX_TIMER_HIGH_RESOLUTION, 1);
    dt_expect_eq(ExSetTimerResolution(FINE, TRUE), FINE);
    set_ms(2, 0);
    wait_for(&s.done);
    dt_expect_eq(resolution(), FINE);
    ExSetTimerResolution(0, FALSE);
    dt_expect_eq(resolution(), TICK);
    end();
}

/* EXT-110: periodic over several ticks. The rate between expirations is the system's affair; just before each it is high. */
static void over_several_ticks(void *ctx)
{
    (void)ctx;
    begin(EX_TIMER_HIGH_RESOLUTION, 6);
    uint64_t from = now();

    set_ms(50, 50);
    wait_for(&s.done);
    end();
    for (unsigned i = 0; i < 6; i++)
        expect_between(s.at[i], from, (i + 1) * 50 * MS, (i + 1) * 50 * MS + FINE);
    dt_expect_eq(resolution(), TICK);
}

/* EXT-113: however short the period, one expiration per tick. */
static void at_most_once_a_tick(void *ctx)
{
    (void)ctx;
    begin(EX_TIMER_HIGH_RESOLUTION, 100);
    ExSetTimer(s.timer, -1000, 1000, NULL); /* 0.1 ms */
    wait_for(&s.done);
    ExCancelTimer(s.timer, NULL);
    for (unsigned i = 1; i < 100 && simulated(); i++)
        dt_expect_eq(s.at[i] - s.at[i - 1], FINE);
    end();
}

static void test_rate(void **state)
{
    (void)state;
    on_nt_tick(rate);
    on_nt_tick(requested);
    on_nt_tick(over_several_ticks);
    on_nt_tick(at_most_once_a_tick);
}

/* EXT-111: a lint about power: below the default tick, and set for long. */
static void fast_for_long(void *ctx)
{
    (void)ctx;
    begin(EX_TIMER_HIGH_RESOLUTION, 0);
    set_ms(5, 5);
    sleep_ms(simulated() ? 1200 : 2000);
    end();
}

static void fast_enough(void *ctx)
{
    (void)ctx;
    begin(EX_TIMER_HIGH_RESOLUTION, 0);
    set_ms(5, 5);
    sleep_ms(100);
    set_ms(16, 16);
    sleep_ms(1200);
    end();
}

static void test_power(void **state)
{
    (void)state;
    caught(fast_for_long, "DT-T13", 0);
    passes(fast_enough);
}

/* ---- system time ---- */

static uint64_t system_time(void)
{
    LARGE_INTEGER t;

    KeQuerySystemTimePrecise(&t);
    return (uint64_t)t.QuadPart;
}

/* EXT-046: an absolute due time follows the clock. EXT-047: a relative one does not. */
static void set_clock(int64_t change_ms, ULONG attributes, bool absolute, int64_t expected_ms)
{
    begin(attributes, 1);
    uint64_t from = now();

    ExSetTimer(s.timer, absolute ? (LONGLONG)system_time() + 100 * MS : -100 * MS, 0, NULL);
    sleep_ms(10);
    dt_set_system_time(system_time() + (uint64_t)(change_ms * MS));
    bool in_time = simulated() || now() - from < 99 * MS; /* else it may have expired before the change */

    wait_for(&s.done);
    dt_expect(
        !in_time || is_between(s.at[0] - from, (uint64_t)(expected_ms - 1) * MS, (uint64_t)(expected_ms + 2) * MS));
    end();
}

static void system_time_changes(void *ctx)
{
    (void)ctx;
    set_clock(60, 0, true, 40);
    set_clock(3600000, 0, true, 10);
    set_clock(-60, 0, true, 160);
    set_clock(3600000, 0, false, 100);
    set_clock(-3600000, 0, false, 100);
    set_clock(-60, EX_TIMER_NO_WAKE, false, 100);
}

static void test_system_time(void **state)
{
    (void)state;
    passes(system_time_changes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_periods),
        cmocka_unit_test(test_accuracy),
        cmocka_unit_test(test_rate),
        cmocka_unit_test(test_power),
        cmocka_unit_test(test_system_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
