/* SPDX-License-Identifier: MIT */
/* KTIMER: the object, its signal states, what set and cancel return and do. */
#include "ktimer.h"

/* ---- initialisation ---- */

/* KTM-001, KTM-002, KTM-004, KTM-006, KTM-007: whatever was there before, at every legal IRQL. */
static void fresh(TIMER_TYPE type)
{
    static KTIMER t;
    KIRQL         irql = KeGetCurrentIrql();

    memset(&t, 0xA5, sizeof t);
    if (type == NotificationTimer)
        KeInitializeTimer(&t);
    else
        KeInitializeTimerEx(&t, type);
    dt_expect_eq(t.Header.Type, type == NotificationTimer ? 8 : 9);
    dt_expect_eq(t.Header.Hand, sizeof t / sizeof(ULONG)); /* KTM-005 */
    dt_expect_eq(t.Header.SignalState, 0);
    dt_expect(IsListEmpty(&t.Header.WaitListHead));
    dt_expect_eq(t.DueTime.QuadPart, 0);
    dt_expect_eq(t.Period, 0);
    dt_expect(!KeReadStateTimer(&t));
    dt_expect(!KeCancelTimer(&t)); /* not in the timer queue */
    dt_expect_eq(KeGetCurrentIrql(), irql);
}

static void initialised(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    for (KIRQL level = PASSIVE_LEVEL; level <= DISPATCH_LEVEL; level++) {
        KeRaiseIrql(level, &irql);
        fresh(NotificationTimer);
        fresh(SynchronizationTimer);
        KeLowerIrql(irql);
    }
    begin_type(SynchronizationTimer, 0); /* KTM-002: the type asked for: a wait uses it up, or does not */
    KeSetTimer(&s.timer, in_ms(1), NULL);
    wait_for(&s.timer);
    dt_expect(!KeReadStateTimer(&s.timer));
    begin_type(NotificationTimer, 0);
    KeSetTimer(&s.timer, in_ms(1), NULL);
    wait_for(&s.timer);
    dt_expect(KeReadStateTimer(&s.timer));
}

static void test_initialised(void **state)
{
    (void)state;
    passes(initialised);
}

/* ---- expiry ---- */

/* KTM-046, KTM-048, KTM-051: off the queue, signaled, then the DPC, at DISPATCH_LEVEL with what KeInitializeDpc was given. */
static void expiry(void *ctx)
{
    (void)ctx;
    begin(1);
    dt_expect(!KeSetTimer(&s.timer, in_ms(2), &s.dpc));
    wait_for(&s.done);
    dt_expect(s.dpc_seen == &s.dpc && s.context_seen == &s);
    dt_expect_eq(s.irql, DISPATCH_LEVEL);
    dt_expect(s.signaled);
    dt_expect(!KeCancelTimer(&s.timer));
    dt_expect(KeReadStateTimer(&s.timer));
    end();
    dt_expect_eq(s.calls, 1);
}

/* KTM-047: a waiter and a DPC: both. (The verifier warns of this mixture: KTM-076.) */
static void waiter_and_dpc(void *ctx)
{
    (void)ctx;
    begin(1);
    KeSetTimer(&s.timer, in_ms(2), &s.dpc);
    wait_for(&s.timer);
    wait_for(&s.done);
    dt_expect_eq(s.calls, 1);
    end();
}

/* KTM-044: no DPC, a thread that waits: a time-out of its own. */
static void thread_timeout(void *ctx)
{
    uint64_t from = KeQueryInterruptTime();

    (void)ctx;
    begin(0);
    KeSetTimer(&s.timer, in_ms(5), NULL);
    dt_expect(poll(&s.timer) == STATUS_TIMEOUT || !simulated());
    wait_for(&s.timer);
    expect_between(now(), from, 5 * MS, 6 * MS);
}

static void test_expiry(void **state)
{
    (void)state;
    always(expiry, 1);
    faithful(waiter_and_dpc, 2);
    passes(thread_timeout);
}

/* KTM-109: the DPC's arguments are nobody's: they differ from call to call and from those of an insertion. */
static void garbage(void *ctx)
{
    (void)ctx;
    begin(4);
    KeInsertQueueDpc(&s.dpc, (PVOID)1, (PVOID)2);
    KeSetTimerEx(&s.timer, in_ms(1), 1, &s.dpc);
    wait_for(&s.done);
    end();
    for (unsigned i = 1; i < 4; i++) {
        dt_expect(s.arguments[i][0] != (PVOID)1 && s.arguments[i][1] != (PVOID)2);
        dt_expect(s.arguments[i][0] != s.arguments[i - 1][0] && s.arguments[i][1] != s.arguments[i - 1][1]);
    }
}

static void test_garbage(void **state)
{
    (void)state;
    faithful(garbage, 2);
}

/* ---- signal states ---- */

/* KTM-053, KTM-031, KTM-089: a notification timer stays signaled until it is set again. */
static void notification(void *ctx)
{
    (void)ctx;
    begin(0);
    KeSetTimer(&s.timer, in_ms(1), NULL);
    wait_for(&s.timer);
    for (unsigned i = 0; i < 3; i++) {
        dt_expect_eq(poll(&s.timer), STATUS_SUCCESS);
        dt_expect(KeReadStateTimer(&s.timer));
    }
    dt_expect(!KeSetTimer(&s.timer, in_ms(1000000), NULL));
    dt_expect(!KeReadStateTimer(&s.timer));
    dt_expect_eq(poll(&s.timer), STATUS_TIMEOUT);
    end();
}

/* KTM-054, KTM-089: one expiration of a synchronization timer satisfies one wait; reading uses nothing up. */
static void synchronization(void *ctx)
{
    (void)ctx;
    begin_type(SynchronizationTimer, 0);
    KeSetTimer(&s.timer, in_ms(1), NULL);
    while (!KeReadStateTimer(&s.timer))
        sleep_ms(1);
    dt_expect(KeReadStateTimer(&s.timer));
    dt_expect_eq(poll(&s.timer), STATUS_SUCCESS);
    dt_expect(!KeReadStateTimer(&s.timer));
    dt_expect_eq(poll(&s.timer), STATUS_TIMEOUT);
}

/* KTM-055: periodic, a thread in a loop: one wake a period. */
static void one_wake_a_period(void *ctx)
{
    uint64_t from = KeQueryInterruptTime();

    (void)ctx;
    begin_type(SynchronizationTimer, 0);
    KeSetTimerEx(&s.timer, in_ms(5), 5, NULL);
    for (unsigned i = 1; i <= 5; i++) {
        wait_for(&s.timer);
        expect_between(now(), from, i * 5 * MS, i * 5 * MS + TICK_1MS);
    }
    end();
}

/* KTM-056: a periodic notification timer is signaled for good. */
static void stays_signaled(void *ctx)
{
    (void)ctx;
    begin(4);
    KeSetTimerEx(&s.timer, in_ms(2), 2, &s.dpc);
    wait_for(&s.done);
    dt_expect(KeReadStateTimer(&s.timer));
    sleep_ms(5);
    dt_expect(KeReadStateTimer(&s.timer));
    end();
}

/* KTM-057: no boost. */
static void no_boost(void *ctx)
{
    KPRIORITY before = KeQueryPriorityThread(KeGetCurrentThread());

    (void)ctx;
    begin(0);
    KeSetTimer(&s.timer, in_ms(2), NULL);
    wait_for(&s.timer);
    dt_expect_eq(KeQueryPriorityThread(KeGetCurrentThread()), before);
}

static void test_signal_states(void **state)
{
    (void)state;
    passes(notification);
    passes(synchronization);
    passes(one_wake_a_period);
    passes(stays_signaled);
    passes(no_boost);
}

/* ---- set and cancel ---- */

/* KTM-029, KTM-030, KTM-068, KTM-069. */
static void results(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin(1);
    dt_expect(!KeCancelTimer(&s.timer)); /* never set */
    dt_expect(!KeSetTimer(&s.timer, in_ms(100000), &s.dpc));
    dt_expect(KeSetTimer(&s.timer, in_ms(100000), &s.dpc));
    dt_expect(KeCancelTimer(&s.timer));
    dt_expect(!KeSetTimer(&s.timer, in_ms(1), &s.dpc)); /* cancelled before */
    wait_for(&s.done);
    dt_expect(!KeCancelTimer(&s.timer));
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    dt_expect(!KeCancelTimer(&s.timer));
    KeLowerIrql(irql);
    dt_expect(!KeSetTimerEx(&s.timer, in_ms(1), 1, &s.dpc)); /* expired before */
    sleep_ms(5);
    dt_expect(KeSetTimerEx(&s.timer, in_ms(1), 1, &s.dpc)); /* periodic: always set */
    dt_expect(KeCancelTimer(&s.timer));
    dt_expect(!KeCancelTimer(&s.timer));
    end();
}

/* KTM-070: a cancel leaves the state alone. KTM-071: and the waiters. */
static LONG woken;

static void waits(void *ctx)
{
    (void)ctx;
    if (wait_ms(&s.timer, 30) == STATUS_SUCCESS)
        woken++;
}

static void cancel_changes_nothing(void *ctx)
{
    (void)ctx;
    begin(0);
    KeSetTimer(&s.timer, in_ms(1), NULL);
    wait_for(&s.timer);
    dt_expect(!KeCancelTimer(&s.timer));
    dt_expect(KeReadStateTimer(&s.timer));
    KeSetTimer(&s.timer, in_ms(1000000), NULL);
    woken = 0;
    dt_spawn(1, waits, NULL);
    sleep_ms(5);
    dt_expect(KeCancelTimer(&s.timer));
    dt_join_all();
    dt_expect_eq(woken, 0);
    KeSetTimer(&s.timer, in_ms(1000000), NULL);
    dt_spawn(1, waits, NULL);
    sleep_ms(5);
    KeCancelTimer(&s.timer);
    KeSetTimer(&s.timer, in_ms(5), NULL); /* a new set lets them go */
    dt_join_all();
    dt_expect(woken == 1 || !simulated());
}

/* KTM-032, KTM-033: KeSetTimer is a one-shot after a periodic one too; so is a period of 0; periods are milliseconds. */
static void one_shots(void *ctx)
{
    (void)ctx;
    begin(0);
    KeSetTimerEx(&s.timer, in_ms(1), 1, &s.dpc);
    dt_expect(KeSetTimer(&s.timer, in_ms(100), &s.dpc) || !simulated());
    sleep_ms(300);
    KeFlushQueuedDpcs();
    dt_expect(s.calls == 1 || !simulated());
    dt_expect(!KeCancelTimer(&s.timer));
    begin(0);
    KeSetTimerEx(&s.timer, in_ms(1), 0, &s.dpc);
    sleep_ms(20);
    KeFlushQueuedDpcs();
    dt_expect_eq(s.calls, 1);
    begin(3);
    KeSetTimerEx(&s.timer, in_ms(10), 20, &s.dpc);
    wait_for(&s.done);
    end();
    for (unsigned i = 1; i < 3 && simulated(); i++)
        dt_expect_eq(s.at[i] - s.at[i - 1], 20 * MS);
}

/* KTM-041: the DPC of the last set counts; none: only the signal. */
static void another_dpc(void *ctx)
{
    (void)ctx;
    begin(1);
    KeSetTimer(&s.timer, in_ms(100000), &s.dpc);
    KeSetTimer(&s.timer, in_ms(2), &s.other);
    wait_for(&s.done);
    dt_expect(s.dpc_seen == &s.other && s.context_seen == &s.second);
    begin(0);
    KeSetTimer(&s.timer, in_ms(100000), &s.dpc);
    KeSetTimer(&s.timer, in_ms(2), NULL);
    while (!KeReadStateTimer(&s.timer))
        sleep_ms(1);
    end();
    dt_expect_eq(s.calls, 0);
}

static void test_set_and_cancel(void **state)
{
    (void)state;
    passes(results);
    passes(cancel_changes_nothing);
    passes(one_shots);
    passes(another_dpc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_initialised),
        cmocka_unit_test(test_expiry),
        cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_signal_states),
        cmocka_unit_test(test_set_and_cancel),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
