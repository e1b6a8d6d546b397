/* SPDX-License-Identifier: MIT */
/* EX_TIMER: signal states, due times, periods and what set and cancel return. */
#include "extimer.h"

/* ---- signal states ---- */

/* EXT-025: fresh ones are not signaled. EXT-028: notification goes with either other attribute. EXT-004 without callback. */
static void fresh(void *ctx)
{
    static const ULONG kinds[] = {0, EX_TIMER_NOTIFICATION, EX_TIMER_HIGH_RESOLUTION, EX_TIMER_NO_WAKE,
        EX_TIMER_NOTIFICATION | EX_TIMER_HIGH_RESOLUTION, EX_TIMER_NOTIFICATION | EX_TIMER_NO_WAKE};

    (void)ctx;
    for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        begin(kinds[i], 1);
        dt_expect_eq(poll(s.timer), STATUS_TIMEOUT);
        dt_expect(!set_ms(2, 0));
        wait_for(&s.done);
        wait_for(s.timer);
        end();
    }
}

static void test_fresh(void **state)
{
    (void)state;
    passes(fresh);
}

/* EXT-005: a NULL context arrives as NULL. */
static void null_context(void *ctx)
{
    (void)ctx;
    begin(0, 0);
    end();
    s.seen_context = &s;
    s.wanted = 1;
    s.timer = ExAllocateTimer(count, NULL, 0);
    set_ms(1, 0);
    wait_for(&s.done);
    dt_expect(s.seen_context == NULL && s.seen_timer == s.timer);
    end();
}

static void test_null_context(void **state)
{
    (void)state;
    passes(null_context);
}

static LONG       released;
static KSEMAPHORE ready;

static void waiter(void *ctx)
{
    (void)ctx;
    KeReleaseSemaphore(&ready, IO_NO_INCREMENT, 1, FALSE);
    if (wait_ms(s.timer, simulated() ? 100 : 500) == STATUS_SUCCESS)
        InterlockedIncrement(&released);
}

static void two_waiters(ULONG attributes, bool before, LONG expected)
{
    begin(attributes, 1);
    released = 0;
    KeInitializeSemaphore(&ready, 0, 2);
    if (!before) {
        set_ms(1, 0);
        wait_for(&s.done);
    }
    dt_spawn(DT_ANY_PROCESSOR, waiter, NULL);
    dt_spawn(DT_ANY_PROCESSOR, waiter, NULL);
    wait_for(&ready);
    wait_for(&ready);
    if (before)
        set_ms(5, 0);
    dt_join_all();
    dt_expect_eq(released, expected);
}

/* EXT-027, EXT-032: an expiration of a notification timer lets everybody go, and stays until the next set (EXT-059). */
static void notification(void *ctx)
{
    (void)ctx;
    two_waiters(EX_TIMER_NOTIFICATION, true, 2);
    dt_expect_eq(poll(s.timer), STATUS_SUCCESS);
    dt_expect_eq(poll(s.timer), STATUS_SUCCESS);
    dt_expect(!set_ms(1000000, 0));
    dt_expect_eq(poll(s.timer), STATUS_TIMEOUT);
    end();
}

/* EXT-026, EXT-033: one of a synchronization timer lets one go, waiting before (EXT-033) or after it (EXT-034). */
static void synchronization(void *ctx)
{
    (void)ctx;
    two_waiters(0, true, 1);
    dt_expect_eq(poll(s.timer), STATUS_TIMEOUT);
    end();
    two_waiters(0, false, 1);
    dt_expect_eq(poll(s.timer), STATUS_TIMEOUT);
    end();
}

/* EXT-035: the state does not count. */
static void two_expirations(void *ctx)
{
    (void)ctx;
    begin(0, 2);
    set_ms(2, 2);
    wait_for(&s.done);
    dt_expect(ExCancelTimer(s.timer, NULL));
    dt_expect_eq(poll(s.timer), STATUS_SUCCESS);
    dt_expect_eq(poll(s.timer), STATUS_TIMEOUT);
    end();
}

static void test_signal_states(void **state)
{
    (void)state;
    passes(notification);
    passes(synchronization);
    passes(two_expirations);
}

/* EXT-036: nothing initialises an EX_TIMER in the driver's memory, nothing reads its state. */
static void test_no_such_routines(void **state)
{
    struct dt_ddi d;

    (void)state;
    assert_true(dt_ddi_count() > 0);
    for (unsigned i = 0; i < dt_ddi_count(); i++) {
        dt_ddi_at(i, &d);
        assert_string_not_equal(d.name, "ExInitializeTimer");
        assert_string_not_equal(d.name, "ExReadStateTimer");
    }
}

/* EXT-130: a flag that the callback sets stands in for KeReadStateTimer. */
static void flag(void *ctx)
{
    (void)ctx;
    begin(0, 1);
    set_ms(20, 0);
    dt_expect(!simulated() || s.calls == 0);
    wait_for(&s.done);
    dt_expect_eq(s.calls, 1);
    end();
}

static void test_flag(void **state)
{
    (void)state;
    passes(flag);
}

/* ---- what set and cancel return ---- */

/* EXT-039, EXT-040, EXT-064, EXT-065, EXT-070. */
static void results(void *ctx)
{
    (void)ctx;
    begin(0, 1);
    dt_expect(!ExCancelTimer(s.timer, NULL)); /* never set */
    dt_expect(!set_ms(100000, 0));
    dt_expect(set_ms(100000, 0)); /* was pending */
    dt_expect(ExCancelTimer(s.timer, NULL));
    dt_expect(!ExCancelTimer(s.timer, NULL)); /* already cancelled */
    dt_expect(!set_ms(1, 0));                 /* after a cancel; it arms: EXT-070 */
    wait_for(&s.done);
    dt_expect(!ExCancelTimer(s.timer, NULL)); /* expired */
    dt_expect(!set_ms(100000, 0));
    dt_expect(ExCancelTimer(s.timer, NULL));
    dt_expect_eq(s.calls, 1);
    end();
}

/* EXT-041, EXT-066: a running periodic timer is always pending; after the cancel no expiration comes any more. */
static void periodic_results(void *ctx)
{
    (void)ctx;
    begin(0, 3);
    set_ms(2, 2);
    wait_for(&s.done);
    dt_expect(set_ms(2, 2));
    dt_expect(ExCancelTimer(s.timer, NULL));
    KeFlushQueuedDpcs();
    LONG calls = s.calls;

    sleep_ms(20);
    dt_expect_eq(s.calls, calls);
    dt_expect(!ExCancelTimer(s.timer, NULL));
    end();
}

/* EXT-040, EXT-065: expired is expired, even if the callback has yet to run. */
static void expired_not_called(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin(0, 0);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    set_ms(2, 0);
    stall_ms(4);
    dt_expect_eq(s.calls, 0);
    dt_expect(!ExCancelTimer(s.timer, NULL));
    dt_expect(!set_ms(100000, 0));
    dt_expect_eq(s.calls, 0);
    KeLowerIrql(irql);
    KeFlushQueuedDpcs();
    dt_expect_eq(s.calls, 1);
    end();
}

/* EXT-042, EXT-007, EXT-011: expired twice before the first call could begin: both calls are made. */
static void two_expired_not_called(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin(0, 0);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    set_ms(2, 0);
    stall_ms(4);
    dt_expect(!set_ms(2, 0));
    stall_ms(4);
    dt_expect_eq(s.calls, 0);
    KeLowerIrql(irql);
    KeFlushQueuedDpcs();
    dt_expect_eq(s.calls, 2);
    end();
}

static void test_results(void **state)
{
    struct dt_config cfg = config(1);

    (void)state;
    passes(results);
    passes(periodic_results);
    if (!simulated())
        return; /* on the real-time machine the host decides when */
    passes_with(&cfg, expired_not_called);
    passes_with(&cfg, two_expired_not_called);
}

/* EXT-042: a set against the expiration of the one before. TRUE: one call. FALSE: two. Nothing else. */
static bool set_true, set_false;

static void set_against_expiry(void *ctx)
{
    (void)ctx;
    begin(0, 0);
    set_ms(1, 0);
    BOOLEAN was_set = set_ms(1, 0);

    sleep_ms(5);
    KeFlushQueuedDpcs();
    dt_expect_eq(s.calls, was_set ? 1 : 2);
    *(was_set ? &set_true : &set_false) = true;
    end();
}

static void test_set_against_expiry(void **state)
{
    (void)state;
    set_true = set_false = false;
    reached(set_against_expiry, 2, &set_false);
    assert_true(set_true || !simulated());
}

/* EXT-069: of two cancels at once one returns TRUE. EXT-011: none does, then the callback is called. */
static BOOLEAN other_cancelled;

static void cancel_too(void *ctx)
{
    (void)ctx;
    other_cancelled = ExCancelTimer(s.timer, NULL);
}

static void two_cancels(void *ctx)
{
    (void)ctx;
    begin(EX_TIMER_NOTIFICATION, 0);
    set_ms(2, 0);
    dt_spawn(1, cancel_too, NULL);
    BOOLEAN cancelled = ExCancelTimer(s.timer, NULL);

    dt_join_all();
    KeFlushQueuedDpcs();
    dt_expect(!(cancelled && other_cancelled));
    dt_expect_eq(s.calls, cancelled || other_cancelled ? 0 : 1);
    dt_expect_eq(poll(s.timer), cancelled || other_cancelled ? STATUS_TIMEOUT : STATUS_SUCCESS);
    end();
}

static void test_two_cancels(void **state)
{
    (void)state;
    always(two_cancels, 2);
}

/* EXT-067: a cancel while the one-shot's callback runs returns FALSE and does not wait for it. */
static LONG in_callback, cancel_returned;
static bool cancelled_during;

static EXT_CALLBACK lingers;

static VOID lingers(PEX_TIMER timer, PVOID context)
{
    InterlockedExchange(&in_callback, 1);
    KeReadStateEvent(&s.done); /* points, at which the cancel may come and go */
    KeReadStateEvent(&s.done);
    if (cancel_returned)
        cancelled_during = true;
    InterlockedExchange(&in_callback, 0);
    count(timer, context);
}

static void cancels_it(void *ctx)
{
    (void)ctx;
    if (in_callback) {
        dt_expect(!ExCancelTimer(s.timer, NULL));
        cancel_returned = in_callback;
    }
}

static void cancel_during(void *ctx)
{
    (void)ctx;
    begin_with(lingers, 0, 1);
    in_callback = cancel_returned = 0;
    dt_spawn(1, cancels_it, NULL);
    set_ms(1, 0);
    wait_for(&s.done);
    dt_join_all();
    end();
}

static void test_cancel_during(void **state)
{
    (void)state;
    cancelled_during = false;
    reached(cancel_during, 3, &cancelled_during);
}

/* ---- due times and periods ---- */

/* EXT-043, EXT-048, EXT-049, EXT-050, EXT-056: all in 100 ns units; period 0 is a one-shot; parameters may be missing. */
static void units(void *ctx)
{
    uint64_t from = (uint64_t)KeQueryInterruptTime();

    (void)ctx;
    begin(0, 4);
    dt_expect(!ExSetTimer(s.timer, -30000, 10000, NULL));
    wait_for(&s.done);
    end();
    expect_between(s.at[0], from, 30000, 40000);
    for (unsigned i = 1; i < 4 && simulated(); i++)
        dt_expect_eq(s.at[i] - s.at[i - 1], 10000);
    begin(0, 1);
    from = (uint64_t)KeQueryInterruptTime();
    ExSetTimer(s.timer, -10000, 0, NULL);
    sleep_ms(30);
    wait_for(&s.done);
    dt_expect_eq(s.calls, 1);
    expect_between(s.at[0], from, 10000, 20000);
    end();
}

static void test_units(void **state)
{
    (void)state;
    passes(units);
}

/* EXT-044, EXT-045: zero and past absolute due times are due at once: the same result, a signal and a call. */
static void already_due(void *ctx)
{
    LARGE_INTEGER past;
    uint64_t      from;

    (void)ctx;
    KeQuerySystemTime(&past);
    past.QuadPart -= 10000000;
    begin(EX_TIMER_NOTIFICATION, 1);
    from = now();
    dt_expect(!ExSetTimer(s.timer, 0, 0, NULL));
    wait_for(&s.done);
    expect_between(s.at[0], from, 0, TICK_1MS);
    dt_expect_eq(poll(s.timer), STATUS_SUCCESS);
    s.wanted = 2;
    KeClearEvent(&s.done);
    set_ms(100000, 0);
    from = now();
    dt_expect(ExSetTimer(s.timer, past.QuadPart, 0, NULL));
    wait_for(&s.done);
    expect_between(s.at[1], from, 0, TICK_1MS);
    dt_expect_eq(poll(s.timer), STATUS_SUCCESS);
    end();
}

/* EXT-044: absolute system time. */
static void absolute(void *ctx)
{
    LARGE_INTEGER due;
    uint64_t      from;

    (void)ctx;
    begin(0, 1);
    from = now();
    KeQuerySystemTimePrecise(&due);
    ExSetTimer(s.timer, due.QuadPart + 50000, 0, NULL);
    wait_for(&s.done);
    expect_between(s.at[0], from, 50000, 50000 + TICK_1MS);
    end();
}

static void test_absolute(void **state)
{
    (void)state;
    passes(already_due);
    passes(absolute);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fresh),
        cmocka_unit_test(test_null_context),
        cmocka_unit_test(test_signal_states),
        cmocka_unit_test(test_no_such_routines),
        cmocka_unit_test(test_flag),
        cmocka_unit_test(test_results),
        cmocka_unit_test(test_set_against_expiry),
        cmocka_unit_test(test_two_cancels),
        cmocka_unit_test(test_cancel_during),
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_absolute),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
