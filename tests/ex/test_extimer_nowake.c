/* SPDX-License-Identifier: MIT */
/* No-wake timers: on an idle processor they wait for somebody else to wake it. The timer's processor is 1 throughout. */
#include "extimer.h"

enum { MS = 10000 };

static struct {
    LONGLONG tolerance; /* 100 ns */
    LONGLONG period;
    uint64_t from;
} c;

static KTIMER other;
static KDPC   dpc;

static void arm(void *ctx)
{
    EXT_SET_PARAMETERS p;

    (void)ctx;
    ExInitializeSetTimerParameters(&p);
    p.NoWakeTolerance = c.tolerance;
    c.from = KeQueryInterruptTime();
    dt_expect(!ExSetTimer(s.timer, -10 * MS, c.period, &p));
}

/* Sets the timer on processor 1, which then has nothing to do. */
static void arm_idle(LONGLONG tolerance)
{
    begin(EX_TIMER_NO_WAKE, 1);
    c.tolerance = tolerance;
    c.period = 0;
    dt_spawn(1, arm, NULL);
    dt_join_all();
}

/* In real time it may come later than the caller has slept. */
static void expect_called(unsigned times, int64_t low_ms, int64_t high_ms)
{
    if (times && !simulated())
        wait_for(&s.done);
    dt_expect_eq(s.calls, times);
    if (times)
        expect_between(s.at[0], c.from, low_ms * MS, high_ms * MS);
}

/* EXT-116: tolerance 0 wakes the processor at the due time. EXT-119: the tolerance is in 100 ns. EXT-115: it ends. */
static void tolerances(void *ctx)
{
    (void)ctx;
    arm_idle(0);
    sleep_ms(200);
    expect_called(1, 10, 11);
    end();
    arm_idle(50 * MS);
    sleep_ms(40);
    dt_expect(!simulated() || s.calls == 0);
    sleep_ms(160);
    expect_called(1, simulated() ? 60 : 10, 61); /* a thread that has just ended may have kept the processor awake */
    end();
}

static void wakes(void *ctx)
{
    (void)ctx;
}

/* EXT-115, KTM-063: the period of a late one counts from when it was due, not from when it came. */
static void late_and_periodic(void *ctx)
{
    (void)ctx;
    begin(EX_TIMER_NO_WAKE, 2);
    c.tolerance = 3 * MS;
    c.period = 7 * MS;
    dt_spawn(1, arm, NULL);
    dt_join_all();
    wait_for(&s.done);
    expect_between(s.at[0], c.from, 13 * MS, 14 * MS);
    expect_between(s.at[1], c.from, 20 * MS, 21 * MS);
    end();
}

/* EXT-117, EXT-122: without end: never by itself, but when a thread goes on there. Cancelling a late timer works (EXT-064). */
static void unlimited(void *ctx)
{
    (void)ctx;
    arm_idle(EX_TIMER_UNLIMITED_TOLERANCE);
    sleep_ms(2000);
    dt_expect_eq(s.calls, 0);
    dt_expect_eq(poll(s.timer), STATUS_TIMEOUT);
    dt_spawn(1, wakes, NULL);
    dt_join_all();
    sleep_ms(2);
    expect_called(1, 2000, 2003);
    end();
    arm_idle(EX_TIMER_UNLIMITED_TOLERANCE);
    sleep_ms(100);
    dt_expect(ExCancelTimer(s.timer, NULL));
    dt_spawn(1, wakes, NULL);
    dt_join_all();
    sleep_ms(20);
    dt_expect_eq(s.calls, 0);
    end();
}

static void sets_other(void *ctx)
{
    LARGE_INTEGER due = in_ms(30);

    (void)ctx;
    KeInitializeTimer(&other);
    KeSetTimer(&other, due, NULL);
}

/* EXT-118: another timer of that processor wakes it before the tolerance ends. */
static void other_timer(void *ctx)
{
    (void)ctx;
    arm_idle(500 * MS);
    dt_spawn(1, sets_other, NULL);
    dt_join_all();
    sleep_ms(100);
    expect_called(1, 30, 31);
    end();
}

static KDEFERRED_ROUTINE nothing;

static VOID nothing(PKDPC d, PVOID context, PVOID a, PVOID b)
{
    (void)d, (void)context, (void)a, (void)b;
}

/* EXT-118: so does a DPC; EXT-115: whichever is first. */
static void other_dpc(void *ctx)
{
    (void)ctx;
    KeInitializeDpc(&dpc, nothing, NULL);
    KeSetTargetProcessorDpc(&dpc, 1);
    KeSetImportanceDpc(&dpc, HighImportance);
    arm_idle(EX_TIMER_UNLIMITED_TOLERANCE);
    sleep_ms(25);
    dt_expect_eq(s.calls, 0);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    sleep_ms(5);
    KeFlushQueuedDpcs();
    expect_called(1, 25, 27);
    end();
}

/* EXT-117: periodic: one expiration when it wakes, and the next period goes on from the nominal times. */
static void periodic(void *ctx)
{
    (void)ctx;
    begin(EX_TIMER_NO_WAKE, 1);
    c.tolerance = EX_TIMER_UNLIMITED_TOLERANCE;
    c.period = 10 * MS;
    dt_spawn(1, arm, NULL);
    dt_join_all();
    sleep_ms(105);
    dt_expect_eq(s.calls, 0);
    dt_spawn(1, wakes, NULL);
    dt_join_all();
    sleep_ms(2);
    dt_expect_eq(s.calls, 1);
    end();
}

static void test_idle(void **state)
{
    (void)state;
    passes(tolerances);
    if (!simulated())
        return; /* the host's threads wake processors of the real-time machine when they like */
    passes(unlimited);
    if (simulated()) /* where processor 1 has nothing else to do */
        passes(late_and_periodic);
    passes(other_timer);
    passes(other_dpc);
    passes(periodic);
}

/* ---- on an active processor ---- */

static void arm_and_work(void *ctx)
{
    arm(ctx);
    stall_ms(40);
}

/* EXT-114: the tolerance has no effect. */
static void active(void *ctx)
{
    (void)ctx;
    begin(EX_TIMER_NO_WAKE, 1);
    c.tolerance = EX_TIMER_UNLIMITED_TOLERANCE;
    c.period = 0;
    dt_spawn(1, arm_and_work, NULL);
    dt_join_all();
    expect_called(1, 10, 11);
    end();
}

/* EXT-121: while a coalescable timer with the same tolerance may be late on that same processor. */
static uint64_t coalesced_at;

static KDEFERRED_ROUTINE notes_time;

static VOID notes_time(PKDPC d, PVOID context, PVOID a, PVOID b)
{
    (void)d, (void)context, (void)a, (void)b;
    coalesced_at = now();
}

static void both_and_work(void *ctx)
{
    KeInitializeTimer(&other);
    KeInitializeDpc(&dpc, notes_time, NULL);
    KeSetCoalescableTimer(&other, in_ms(10), 0, 90, &dpc);
    arm(ctx);
    stall_ms(150);
}

static void unlike_coalescing(void *ctx)
{
    (void)ctx;
    begin(EX_TIMER_NO_WAKE, 1);
    c.tolerance = 90 * MS;
    c.period = 0;
    coalesced_at = 0;
    dt_spawn(1, both_and_work, NULL);
    dt_join_all();
    KeFlushQueuedDpcs();
    expect_called(1, 10, 11);
    dt_expect(coalesced_at > s.at[0]);
    expect_between(coalesced_at, c.from, 10 * MS, 101 * MS);
    end();
}

static void test_active(void **state)
{
    (void)state;
    if (!simulated())
        return; /* the real-time machine does not know which host processor is idle: docs/limits.md */
    passes(active);
    passes(unlike_coalescing);
}

/* However processors come and go, a no-wake timer is lost to nobody: called once, or cancelled. */
static void raced(void *ctx)
{
    (void)ctx;
    arm_idle(5 * MS);
    dt_spawn(1, wakes, NULL);
    BOOLEAN cancelled = ExCancelTimer(s.timer, NULL);

    dt_join_all();
    sleep_ms(30);
    KeFlushQueuedDpcs();
    dt_expect_eq(s.calls, cancelled ? 0 : 1);
    end();
}

static void test_raced(void **state)
{
    (void)state;
    if (simulated())
        always(raced, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_idle),
        cmocka_unit_test(test_active),
        cmocka_unit_test(test_raced),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
