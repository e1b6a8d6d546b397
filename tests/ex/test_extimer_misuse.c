/* SPDX-License-Identifier: MIT */
/* EX_TIMER used wrongly: each bad driver is caught, its repaired twin is silent. EXT-016, EXT-029, EXT-037, EXT-051 .. EXT-062,
 * EXT-068, EXT-071, EXT-073, EXT-094, EXT-129, EXT-131, EXT-132, EXT-134. */
#include "../machine.h"

#define TAG 0x74786554 /* 'Text' */

static struct {
    PEX_TIMER  timer;
    KEVENT     done;
    LONG       calls;
    KSPIN_LOCK lock;
} s;

static EXT_CALLBACK count;

static VOID count(PEX_TIMER timer, PVOID context)
{
    (void)timer, (void)context;
    s.calls++;
    KeSetEvent(&s.done, IO_NO_INCREMENT, FALSE);
}

static void begin(PEXT_CALLBACK callback, ULONG attributes)
{
    memset(&s, 0, sizeof s);
    KeInitializeEvent(&s.done, NotificationEvent, FALSE);
    KeInitializeSpinLock(&s.lock);
    s.timer = ExAllocateTimer(callback, NULL, attributes);
}

static void fire(void)
{
    ExSetTimer(s.timer, -10000, 0, NULL);
    wait_for(&s.done);
}

static void end(void)
{
    ExDeleteTimer(s.timer, TRUE, TRUE, NULL);
}

/* ---- EXT-016: Wait = TRUE inside the own callback ---- */

static EXT_CALLBACK delete_and_wait, delete_only;

static VOID delete_and_wait(PEX_TIMER timer, PVOID context)
{
    (void)context;
    ExDeleteTimer(timer, TRUE, TRUE, NULL);
}

static VOID delete_only(PEX_TIMER timer, PVOID context)
{
    ExDeleteTimer(timer, TRUE, FALSE, NULL);
    count(timer, context);
}

static void waits_for_itself(void *ctx)
{
    (void)ctx;
    begin(delete_and_wait, 0);
    fire();
}

static void does_not_wait(void *ctx)
{
    (void)ctx;
    begin(delete_only, 0);
    fire();
    sleep_ms(2);
}

static void test_wait_inside(void **state)
{
    (void)state;
    caught(waits_for_itself, "DT-T16", 0xB8);
    always(does_not_wait, 2);
}

/* ---- EXT-071: Wait = TRUE at DISPATCH_LEVEL ---- */

static void waits_at_dispatch(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin(NULL, 0);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    ExDeleteTimer(s.timer, TRUE, TRUE, NULL);
}

static void test_wait_at_dispatch(void **state)
{
    struct dt_config plain = config(2);

    (void)state;
    plain.faithful = true;
    caught(waits_at_dispatch, "DT-T16", 0x0A);
    caught_with(&plain, waits_at_dispatch, "DT-T16", 0x0A);
    caught_with(&plain, waits_for_itself, "DT-T16", 0xB8);
}

/* ---- EXT-131: a callback that waits, and one that returns at another IRQL ---- */

static EXT_CALLBACK waits, stays_raised, polls;

static VOID waits(PEX_TIMER timer, PVOID context)
{
    (void)timer, (void)context;
    wait_ms(&s.done, 10);
}

static VOID polls(PEX_TIMER timer, PVOID context)
{
    poll(&s.done);
    count(timer, context);
}

static VOID stays_raised(PEX_TIMER timer, PVOID context)
{
    KIRQL irql;

    count(timer, context);
    KeRaiseIrql(HIGH_LEVEL, &irql);
}

static void callback_waits(void *ctx)
{
    (void)ctx;
    begin(waits, 0);
    fire();
}

static void callback_polls(void *ctx)
{
    (void)ctx;
    begin(polls, 0);
    fire();
    end();
}

static void callback_stays_raised(void *ctx)
{
    (void)ctx;
    begin(stays_raised, 0);
    fire();
    until_caught();
}

static void test_callback_like_a_dpc(void **state)
{
    (void)state;
    caught(callback_waits, "DT-D06", 0xB8);
    always(callback_polls, 1);
    caught(callback_stays_raised, "DT-D08", 0xC8);
}

/* ---- EXT-132: longer than 100 us is reported ---- */

static EXT_CALLBACK stalls_long, stalls_short;

static VOID stalls_long(PEX_TIMER timer, PVOID context)
{
    KeStallExecutionProcessor(150);
    count(timer, context);
}

static VOID stalls_short(PEX_TIMER timer, PVOID context)
{
    KeStallExecutionProcessor(50);
    count(timer, context);
}

static void long_callback(void *ctx)
{
    (void)ctx;
    begin(stalls_long, 0);
    fire();
    end();
}

static void short_callback(void *ctx)
{
    (void)ctx;
    begin(stalls_short, 0);
    fire();
    end();
}

static void test_budget(void **state)
{
    (void)state;
    caught(long_callback, "DT-B01", 0);
    passes(short_callback);
}

/* ---- attributes, parameters, due times, periods ---- */

static void both_attributes(void *ctx) /* EXT-029 */
{
    (void)ctx;
    ExAllocateTimer(NULL, NULL, EX_TIMER_HIGH_RESOLUTION | EX_TIMER_NO_WAKE);
}

static void absolute_high_resolution(void *ctx) /* EXT-060 */
{
    (void)ctx;
    begin(NULL, EX_TIMER_HIGH_RESOLUTION);
    ExSetTimer(s.timer, 0, 0, NULL);
}

static void negative_period(void *ctx) /* EXT-052 */
{
    (void)ctx;
    begin(NULL, 0);
    ExSetTimer(s.timer, -10000, -1, NULL);
}

static void period_above_maxlong(void *ctx) /* EXT-051 */
{
    (void)ctx;
    begin(NULL, 0);
    ExSetTimer(s.timer, -10000, (LONGLONG)MAXLONG + 1, NULL);
}

static void uninitialised_parameters(void *ctx) /* EXT-057 */
{
    EXT_SET_PARAMETERS p;

    (void)ctx;
    memset(&p, 0xA5, sizeof p);
    begin(NULL, 0);
    ExSetTimer(s.timer, -10000, 0, &p);
}

/* One field that ExInitializeSetTimerParameters has not set is enough. */
static void another_version(void *ctx)
{
    EXT_SET_PARAMETERS p;

    (void)ctx;
    ExInitializeSetTimerParameters(&p);
    p.Version++;
    begin(NULL, 0);
    ExSetTimer(s.timer, -10000, 0, &p);
}

static void reserved_used(void *ctx)
{
    EXT_SET_PARAMETERS p;

    (void)ctx;
    ExInitializeSetTimerParameters(&p);
    p.Reserved = 1;
    begin(NULL, 0);
    ExSetTimer(s.timer, -10000, 0, &p);
}

static void cancel_parameters(void *ctx) /* EXT-068 */
{
    (void)ctx;
    begin(NULL, 0);
    ExCancelTimer(s.timer, (PEXT_CANCEL_PARAMETERS)&s);
}

static void wait_without_cancel(void *ctx) /* EXT-073 */
{
    (void)ctx;
    begin(NULL, 0);
    ExDeleteTimer(s.timer, FALSE, TRUE, NULL);
}

static void uninitialised_delete_parameters(void *ctx) /* EXT-094 */
{
    EXT_DELETE_PARAMETERS p;

    (void)ctx;
    memset(&p, 0xA5, sizeof p);
    begin(NULL, 0);
    ExDeleteTimer(s.timer, TRUE, TRUE, &p);
}

static void another_delete_version(void *ctx)
{
    EXT_DELETE_PARAMETERS p;

    (void)ctx;
    ExInitializeDeleteTimerParameters(&p);
    p.Version++;
    begin(NULL, 0);
    ExDeleteTimer(s.timer, TRUE, TRUE, &p);
}

static void reserved_used_in_delete(void *ctx)
{
    EXT_DELETE_PARAMETERS p;

    (void)ctx;
    ExInitializeDeleteTimerParameters(&p);
    p.Reserved = 1;
    begin(NULL, 0);
    ExDeleteTimer(s.timer, TRUE, TRUE, &p);
}

static void ktimer_as_ex_timer(void *ctx) /* EXT-129 */
{
    KTIMER t;

    (void)ctx;
    KeInitializeTimer(&t);
    ExSetTimer((PEX_TIMER)&t, -10000, 0, NULL);
}

static void ex_timer_as_ktimer(void *ctx) /* EXT-129 */
{
    (void)ctx;
    begin(NULL, 0);
    KeCancelTimer((PKTIMER)s.timer);
}

static void good_arguments(void *ctx)
{
    EXT_SET_PARAMETERS    set;
    EXT_DELETE_PARAMETERS del;

    (void)ctx;
    ExInitializeSetTimerParameters(&set);
    ExInitializeDeleteTimerParameters(&del);
    dt_expect_eq(set.Version, 0); /* EXT-058 */
    dt_expect_eq(set.NoWakeTolerance, 0);
    dt_expect(del.DeleteCallback == NULL && del.DeleteContext == NULL); /* EXT-093 */
    begin(count, EX_TIMER_NO_WAKE);
    set.NoWakeTolerance = EX_TIMER_UNLIMITED_TOLERANCE;
    ExSetTimer(s.timer, -10000, MAXLONG, &set);
    dt_expect(ExCancelTimer(s.timer, NULL) || s.calls);
    ExDeleteTimer(s.timer, TRUE, TRUE, &del);
}

static void test_arguments(void **state)
{
    (void)state;
    caught(both_attributes, "DT-T14", 0xC7);
    caught(absolute_high_resolution, "DT-T14", 0xC7);
    caught(negative_period, "DT-T13", 0xC7);
    caught(period_above_maxlong, "DT-T13", 0xC7);
    caught(uninitialised_parameters, "DT-T19", 0xC7);
    caught(another_version, "DT-T19", 0xC7);
    caught(reserved_used, "DT-T19", 0xC7);
    caught(cancel_parameters, "DT-T19", 0xC7);
    caught(wait_without_cancel, "DT-T15", 0xC7);
    caught(uninitialised_delete_parameters, "DT-T19", 0xC7);
    caught(another_delete_version, "DT-T19", 0xC7);
    caught(reserved_used_in_delete, "DT-T19", 0xC7);
    caught(ktimer_as_ex_timer, "DT-T17", 0xC7);
    caught(ex_timer_as_ktimer, "DT-T01", 0xC7);
    passes(good_arguments);
}

/* ---- EXT-062: used after its delete ---- */

static void used_after_delete(void *ctx)
{
    (void)ctx;
    begin(NULL, 0);
    end();
    ExSetTimer(s.timer, -10000, 0, NULL);
}

static void test_used_after_delete(void **state)
{
    (void)state;
    caught(used_after_delete, "DT-T17", 0xC6);
}

/* ---- EXT-134: the context freed after a cancel that returned FALSE; delete with wait makes it safe ---- */

struct owned {
    LONG calls;
};

static EXT_CALLBACK touch;

static VOID touch(PEX_TIMER timer, PVOID context)
{
    struct owned *o = context;

    (void)timer;
    KeReadStateEvent(&s.done);
    o->calls++;
}

struct ending {
    struct owned *o;
    bool          delete_first;
};

static void end_owner(void *ctx)
{
    struct ending *e = ctx;

    if (e->delete_first)
        end();
    else
        ExCancelTimer(s.timer, NULL);
    ExFreePoolWithTag(e->o, TAG);
    if (!e->delete_first)
        end();
}

static void owned_timer(bool delete_first)
{
    struct ending e = {ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *e.o, TAG), delete_first};

    memset(&s, 0, sizeof s);
    KeInitializeEvent(&s.done, NotificationEvent, FALSE);
    s.timer = ExAllocateTimer(touch, e.o, 0);
    ExSetTimer(s.timer, -10000, 0, NULL);
    dt_spawn(1, end_owner, &e);
    dt_join_all();
}

static void frees_after_cancel(void *ctx)
{
    (void)ctx;
    owned_timer(false);
}

static void frees_after_delete(void *ctx)
{
    (void)ctx;
    owned_timer(true);
}

static void test_context_freed(void **state)
{
    (void)state;
    found(frees_after_cancel, 3, "DT-T05", 0);
    always(frees_after_delete, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wait_inside),
        cmocka_unit_test(test_wait_at_dispatch),
        cmocka_unit_test(test_callback_like_a_dpc),
        cmocka_unit_test(test_budget),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_used_after_delete),
        cmocka_unit_test(test_context_freed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
