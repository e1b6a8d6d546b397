/* SPDX-License-Identifier: MIT */
/* EX_TIMER misuse whose code, level or hang matters; each with what is allowed beside it. */
#include "extimer.h"

/* ---- levels ---- */

static void at(KIRQL level, void (*call)(void))
{
    KIRQL irql;

    begin(0, 0);
    KeRaiseIrql(level, &irql);
    call();
    KeLowerIrql(irql);
    if (s.timer)
        end();
}

static void allocates(void)
{
    PEX_TIMER t = ExAllocateTimer(NULL, NULL, 0);

    dt_expect(t != NULL);
    ExDeleteTimer(t, TRUE, FALSE, NULL);
}

static void sets(void)
{
    set_ms(100000, 0);
}

static void cancels(void)
{
    ExCancelTimer(s.timer, NULL);
}

static void deletes(void)
{
    ExDeleteTimer(s.timer, TRUE, FALSE, NULL);
    s.timer = NULL;
}

static void (*const calls[])(void) = {allocates, sets, cancels, deletes};
static unsigned the_call;

static void above_dispatch(void *ctx)
{
    (void)ctx;
    at(DISPATCH_LEVEL + 1, calls[the_call]);
}

static void at_dispatch(void *ctx)
{
    (void)ctx;
    at(APC_LEVEL, calls[the_call]);
    at(DISPATCH_LEVEL, calls[the_call]);
}

/* EXT-023, EXT-038, EXT-063, EXT-072: at DISPATCH_LEVEL yes, above no. */
static void test_levels(void **state)
{
    (void)state;
    for (the_call = 0; the_call < sizeof calls / sizeof *calls; the_call++) {
        passes(at_dispatch);
        caught(above_dispatch, "DT-I01", ANY_CODE);
    }
}

/* ---- bug check parameters ---- */

static void unknown_attribute(void *ctx)
{
    (void)ctx;
    ExAllocateTimer(NULL, NULL, 0x10);
}

static void both_attributes(void *ctx)
{
    (void)ctx;
    ExAllocateTimer(NULL, NULL, EX_TIMER_HIGH_RESOLUTION | EX_TIMER_NO_WAKE);
}

static void absolute_high_resolution(void *ctx)
{
    (void)ctx;
    begin(EX_TIMER_HIGH_RESOLUTION, 0);
    ExSetTimer(s.timer, MAXLONGLONG, 0, NULL);
}

static void zero_high_resolution(void *ctx)
{
    (void)ctx;
    begin(EX_TIMER_HIGH_RESOLUTION, 0);
    ExSetTimer(s.timer, 0, 0, NULL);
}

static void tolerance(LONGLONG t)
{
    EXT_SET_PARAMETERS p;

    begin(EX_TIMER_NO_WAKE, 0);
    ExInitializeSetTimerParameters(&p);
    p.NoWakeTolerance = t;
    ExSetTimer(s.timer, -10000, 0, &p);
    end();
}

static void negative_tolerance(void *ctx)
{
    (void)ctx;
    tolerance(-2);
}

static void good_tolerances(void *ctx)
{
    (void)ctx;
    tolerance(0);
    tolerance(MAXLONGLONG);
    tolerance(EX_TIMER_UNLIMITED_TOLERANCE);
}

static void negative_period(void *ctx)
{
    (void)ctx;
    begin(0, 0);
    ExSetTimer(s.timer, -10000, -10000, NULL);
}

static void deletes_null(void *ctx)
{
    (void)ctx;
    ExDeleteTimer(NULL, TRUE, TRUE, NULL);
}

static void deletes_ktimer(void *ctx)
{
    KTIMER t;

    (void)ctx;
    KeInitializeTimer(&t);
    ExDeleteTimer((PEX_TIMER)&t, TRUE, TRUE, NULL);
}

/* EXT-030, EXT-052, EXT-061, EXT-120: 0xC7, parameter 1 = 9, parameter 2 says what. EXT-090: no EX_TIMER. */
static void test_parameters(void **state)
{
    struct dt_config plain = config(2);

    (void)state;
    plain.faithful = true;
    caught_params(unknown_attribute, "DT-T14", 0xC7, 9, 0);
    caught_params(both_attributes, "DT-T14", 0xC7, 9, 0);
    caught_params(absolute_high_resolution, "DT-T14", 0xC7, 9, 2);
    caught_params(zero_high_resolution, "DT-T14", 0xC7, 9, 2);
    caught_params(negative_tolerance, "DT-T13", 0xC7, 9, 1);
    caught_params(negative_period, "DT-T13", 0xC7, 9, 4);
    passes(good_tolerances);
    caught(deletes_null, "DT-T18", 0x0A);
    caught_params_with(&plain, deletes_null, "DT-T17", 0xC7, 9, 5);
    caught_params(deletes_ktimer, "DT-T17", 0xC7, 9, 5);
}

/* ---- EXT-024: the allocation fails ---- */

static bool failed, worked;

static void allocation(void *ctx)
{
    (void)ctx;
    PEX_TIMER t = ExAllocateTimer(NULL, NULL, 0);

    *(t ? &worked : &failed) = true;
    if (t)
        ExDeleteTimer(t, TRUE, TRUE, NULL);
}

static void unchecked(void *ctx)
{
    (void)ctx;
    ExSetTimer(ExAllocateTimer(NULL, NULL, 0), -10000, 0, NULL);
}

static void test_fault(void **state)
{
    struct dt_config cfg = config(1);

    (void)state;
    cfg.faults = true;
    failed = worked = false;
    passes(allocation);
    assert_true(worked && !failed);
    if (!simulated())
        return;
    always_with(&cfg, allocation, 1);
    assert_true(worked && failed);
    found_with(&cfg, unchecked, 1, "DT-T18", 0x0A);
}

/* ---- EXT-091: deleted under a waiting thread ---- */

static void waits(void *ctx)
{
    (void)ctx;
    KeWaitForSingleObject(s.timer, Executive, KernelMode, FALSE, NULL);
}

static void deleted_under_a_waiter(void *ctx)
{
    (void)ctx;
    begin(0, 0);
    dt_spawn(1, waits, NULL);
    settle();
    end();
}

static void deleted_after_the_wait(void *ctx)
{
    (void)ctx;
    begin(0, 0);
    dt_spawn(1, waits, NULL);
    set_ms(2, 0);
    dt_join_all();
    end();
}

static void test_waiter(void **state)
{
    (void)state;
    caught(deleted_under_a_waiter, "DT-T17", 0);
    passes(deleted_after_the_wait);
}

/* ---- EXT-092: the callback spins for what the deleter holds: a hang, both named ---- */

static LONG own_lock;

static EXT_CALLBACK takes_own_lock;

static VOID takes_own_lock(PEX_TIMER timer, PVOID context)
{
    count(timer, context);
    while (InterlockedExchange(&own_lock, 1))
        YieldProcessor();
    InterlockedExchange(&own_lock, 0);
}

static void deletes_with_lock_held(void *ctx)
{
    const bool *lets_go_first = ctx;

    wait_for(&s.done);
    if (*lets_go_first)
        InterlockedExchange(&own_lock, 0);
    end();
}

static void hang(bool lets_go_first)
{
    begin_with(takes_own_lock, 0, 1);
    own_lock = 1;
    dt_spawn(1, deletes_with_lock_held, &lets_go_first);
    set_ms(1, 0);
    if (lets_go_first) { /* whichever processor the callback spins on: the deleter's cannot come then */
        wait_for(&s.done);
        InterlockedExchange(&own_lock, 0);
    }
    dt_join_all();
}

static void hangs(void *ctx)
{
    (void)ctx;
    hang(false);
}

static void hangs_not(void *ctx)
{
    (void)ctx;
    hang(true);
}

static void test_hang(void **state)
{
    struct dt_config cfg = config(2);
    struct dt_result r = {0};

    (void)state;
    passes(hangs_not);
    if (!simulated())
        return; /* the real-time machine cannot tell a hang from a slow host */
    assert_int_equal(dt_run(&cfg, hangs, NULL, &r), 0);
    assert_finding(&r, "DT-X04", 0);
    assert_non_null(strstr(r.finding.what, "thread 2 waits in ExDeleteTimer for callback takes_own_lock, "));
    assert_non_null(strstr(r.finding.what, "which runs on processor 0"));
}

/* ---- EXT-101: in the delete callback the pointer is stale ---- */

static EXT_DELETE_CALLBACK cancels_dead, waits_for_dead;

static VOID cancels_dead(PVOID context)
{
    ExCancelTimer(context, NULL);
}

static VOID waits_for_dead(PVOID context)
{
    poll(context);
}

static void delete_with(PEXT_DELETE_CALLBACK callback)
{
    EXT_DELETE_PARAMETERS p;

    begin(0, 0);
    ExInitializeDeleteTimerParameters(&p);
    p.DeleteCallback = callback;
    p.DeleteContext = s.timer;
    ExDeleteTimer(s.timer, TRUE, TRUE, &p);
}

static void cancel_in_delete_callback(void *ctx)
{
    (void)ctx;
    delete_with(cancels_dead);
}

static void wait_in_delete_callback(void *ctx)
{
    (void)ctx;
    delete_with(waits_for_dead);
}

static void test_delete_callback(void **state)
{
    (void)state;
    caught(cancel_in_delete_callback, "DT-T17", 0xC6);
    caught(wait_in_delete_callback, NULL, ANY_CODE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_parameters),
        cmocka_unit_test(test_fault),
        cmocka_unit_test(test_waiter),
        cmocka_unit_test(test_hang),
        cmocka_unit_test(test_delete_callback),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
