/* SPDX-License-Identifier: MIT */
/* ExDeleteTimer: what it disables, when the object goes, and the delete callback. */
#define PROCESSORS_MIN 2 /* the bodies name processors */

#include "extimer.h"

static struct {
    LONG    deleted;         /* delete callbacks that have run */
    LONG    calls_at_delete; /* timer callbacks that had begun, and ended, by then */
    LONG    ended_at_delete;
    LONG    ended; /* timer callbacks that have ended */
    PVOID   context;
    KIRQL   irql;
    BOOLEAN set, cancelled, deleted_again;
    LONG    inside, returned;
} d;

static EXT_DELETE_CALLBACK gone;

static VOID gone(PVOID context)
{
    d.context = context;
    d.irql = KeGetCurrentIrql();
    d.calls_at_delete = s.calls;
    d.ended_at_delete = d.ended;
    InterlockedIncrement(&d.deleted);
}

static EXT_CALLBACK notes_end;

static VOID notes_end(PEX_TIMER timer, PVOID context)
{
    count(timer, context);
    KeReadStateEvent(&s.done);
    InterlockedIncrement(&d.ended);
}

static void start(PEXT_CALLBACK callback, ULONG attributes)
{
    memset(&d, 0, sizeof d);
    begin_with(callback, attributes, 1);
}

/* After a delete that does not wait. With it, what the callbacks have written before can be read. */
static void until_deleted(void)
{
    while (!simulated() && !ReadAcquire(&d.deleted))
        sleep_ms(1);
    dt_expect_eq(ReadAcquire(&d.deleted), 1); /* once */
}

/* The parameters live on a stack that is gone afterwards. */
static BOOLEAN delete_it(BOOLEAN cancel, BOOLEAN wait)
{
    EXT_DELETE_PARAMETERS p;

    ExInitializeDeleteTimerParameters(&p);
    p.DeleteCallback = gone;
    p.DeleteContext = &d;
    BOOLEAN was_set = ExDeleteTimer(s.timer, cancel, wait, &p);

    memset(&p, 0xEE, sizeof p);
    return was_set;
}

/* ---- with nothing pending ---- */

/* EXT-084, EXT-085, EXT-079, EXT-080, EXT-072: nothing pending: gone at once, FALSE, whatever Cancel and Wait are. */
static void nothing_pending(void *ctx)
{
    static const BOOLEAN how[][2] = {{TRUE, TRUE}, {TRUE, FALSE}, {FALSE, FALSE}};
    KIRQL                irql;

    (void)ctx;
    for (unsigned i = 0; i < 6; i++) {
        start(count, 0);
        if (i >= 3) {
            set_ms(100000, 0);
            dt_expect(ExCancelTimer(s.timer, NULL));
        }
        dt_expect(!delete_it(how[i % 3][0], how[i % 3][1]));
        dt_expect_eq(d.deleted, 1);
    }
    start(count, 0);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    dt_expect(!delete_it(TRUE, FALSE)); /* EXT-072 */
    KeLowerIrql(irql);
    dt_expect_eq(d.deleted, 1);
}

/* EXT-080: an expired one-shot: FALSE. EXT-081: a pending periodic timer, EXT-082: a pending one-shot: TRUE, at once. */
static void results(void *ctx)
{
    (void)ctx;
    start(count, 0);
    set_ms(1, 0);
    wait_for(&s.done);
    dt_expect(!delete_it(TRUE, TRUE));
    start(count, 0);
    set_ms(100000, 100);
    dt_expect(delete_it(TRUE, TRUE));
    dt_expect_eq(s.calls, 0);
    start(count, 0);
    set_ms(100000, 0);
    dt_expect(delete_it(TRUE, FALSE));
    dt_expect_eq(d.deleted, 1);
}

/* EXT-095, EXT-096, EXT-098: one argument, DISPATCH_LEVEL, done before a delete that waits returns. */
static void delete_callback(void *ctx)
{
    (void)ctx;
    start(notes_end, 0);
    set_ms(1, 1);
    wait_for(&s.done);
    dt_expect(delete_it(TRUE, TRUE));
    dt_expect_eq(d.deleted, 1);
    dt_expect(d.context == &d);
    dt_expect_eq(d.irql, DISPATCH_LEVEL);
    dt_expect_eq(KeGetCurrentIrql(), PASSIVE_LEVEL);
    dt_expect_eq(d.ended_at_delete, d.calls_at_delete); /* EXT-097: after the last callback */
}

/* EXT-089: no parameters. EXT-104: a context without a callback. */
static void no_delete_callback(void *ctx)
{
    EXT_DELETE_PARAMETERS p;

    (void)ctx;
    start(count, 0);
    set_ms(100000, 0);
    dt_expect(ExDeleteTimer(s.timer, TRUE, TRUE, NULL));
    start(count, 0);
    ExInitializeDeleteTimerParameters(&p);
    p.DeleteContext = &d;
    set_ms(100000, 0);
    dt_expect(ExDeleteTimer(s.timer, TRUE, TRUE, &p));
    dt_expect_eq(d.deleted, 0);
}

static void test_results(void **state)
{
    (void)state;
    passes(nothing_pending);
    passes(results);
    always(delete_callback, 2);
    passes(no_delete_callback);
}

/* ---- disabled but not gone ---- */

/* EXT-074, EXT-075, EXT-076: set, cancel and a second delete return FALSE and do nothing. */
static void disabled(void *ctx)
{
    (void)ctx;
    start(count, 0);
    set_ms(simulated() ? 5 : 500, 0); /* not before all of this is done */
    dt_expect(!delete_it(FALSE, FALSE));
    dt_expect(!set_ms(100000, 0));
    dt_expect(!ExCancelTimer(s.timer, NULL));
    dt_expect(!ExDeleteTimer(s.timer, TRUE, TRUE, NULL));
    dt_expect(!delete_it(TRUE, FALSE));
    dt_expect(!simulated() || d.deleted == 0);
    wait_for(&s.done); /* EXT-077: the pending set expires all the same, at its time */
    sleep_ms(2);
    dt_expect_eq(s.calls, 1);
    until_deleted();
}

/* The verifier warns of the caller's stale pointer; that is not what is shown here. */
static void test_disabled(void **state)
{
    struct dt_config cfg = config(2);

    (void)state;
    cfg.faithful = true;
    if (simulated())
        passes_with(&cfg, disabled);
    caught(disabled, "DT-T17", 0);
}

/* EXT-077, EXT-079, EXT-100: Cancel FALSE: one more expiration, at its time; then the delete callback. */
static void left_pending(void *ctx)
{
    uint64_t from = KeQueryInterruptTime();

    (void)ctx;
    start(notes_end, EX_TIMER_NOTIFICATION);
    set_ms(20, 0);
    dt_expect(!delete_it(FALSE, FALSE));
    dt_expect(!simulated() || d.deleted == 0);
    wait_for(&s.done);
    expect_between(s.at[0], from, 200000, 200000 + TICK_1MS);
    sleep_ms(5);
    until_deleted();
    dt_expect_eq(s.calls, 1);
    dt_expect_eq(d.ended_at_delete, 1);
    dt_expect(s.seen_timer == s.timer); /* EXT-086: a valid pointer for the callback, after the disable */
}

/* EXT-078: of a periodic timer, one expiration more at most. */
static void left_periodic(void *ctx)
{
    (void)ctx;
    start(notes_end, 0);
    set_ms(1, 1);
    wait_for(&s.done);
    LONG calls = ReadNoFence(&s.calls);

    dt_expect(!delete_it(FALSE, FALSE));
    sleep_ms(10);
    until_deleted();
    dt_expect(s.calls <= calls + 1 || !simulated());
    dt_expect_eq(d.ended_at_delete, s.calls);
}

/* EXT-077, EXT-100: the same without a callback: the object still goes when it has expired. */
static void left_without_callback(void *ctx)
{
    (void)ctx;
    start(NULL, 0);
    set_ms(5, 0);
    dt_expect(!delete_it(FALSE, FALSE));
    dt_expect(!simulated() || d.deleted == 0);
    sleep_ms(20);
    until_deleted();
}

static void test_left_pending(void **state)
{
    (void)state;
    passes(left_pending);
    passes(left_periodic);
    passes(left_without_callback);
}

/* EXT-086: for as long as the callback runs, whoever deletes meanwhile, the pointer is good. */
static EXT_CALLBACK uses_its_timer;

static VOID uses_its_timer(PEX_TIMER timer, PVOID context)
{
    KeReadStateEvent(&s.done);
    ExCancelTimer(timer, NULL);
    ExSetTimer(timer, -10000, 0, NULL);
    count(timer, context);
    ExCancelTimer(timer, NULL);
    InterlockedIncrement(&d.ended);
}

static void valid_throughout(void *ctx)
{
    (void)ctx;
    start(uses_its_timer, 0);
    set_ms(1, 0);
    sleep_ms(1);
    delete_it(TRUE, TRUE);
    dt_expect_eq(d.deleted, 1);
    dt_expect_eq(d.ended_at_delete, s.calls);
}

static void test_valid_throughout(void **state)
{
    (void)state;
    always(valid_throughout, 2);
}

/* ---- against running callbacks ---- */

/* EXT-082, EXT-097, EXT-099: without wait, the delete callback runs before or after the delete returns. */
static bool before_return, after_return;

static void deletes(void *ctx)
{
    (void)ctx;
    delete_it(TRUE, FALSE);
    *(d.deleted ? &before_return : &after_return) = true;
}

static void delete_without_wait(void *ctx)
{
    (void)ctx;
    start(notes_end, 0);
    set_ms(1, 0);
    dt_spawn(1, deletes, NULL);
    dt_join_all();
    KeFlushQueuedDpcs();
    dt_expect_eq(d.deleted, 1);
    dt_expect_eq(d.ended_at_delete, s.calls);
}

static void test_delete_without_wait(void **state)
{
    (void)state;
    before_return = after_return = false;
    reached(delete_without_wait, 3, &before_return);
    assert_true(after_return || !simulated());
}

/* EXT-102: from the callback: the delete callback comes after its end, never inside it. */
static EXT_CALLBACK deletes_itself;

static VOID deletes_itself(PEX_TIMER timer, PVOID context)
{
    InterlockedIncrement(&d.inside);
    delete_it(TRUE, FALSE);
    dt_expect_eq(d.deleted, 0);
    count(timer, context);
    InterlockedDecrement(&d.inside);
    InterlockedIncrement(&d.ended);
}

static void deleted_inside(void *ctx)
{
    (void)ctx;
    start(deletes_itself, 0);
    set_ms(1, 0);
    wait_for(&s.done);
    KeFlushQueuedDpcs();
    dt_expect_eq(d.deleted, 1);
    dt_expect_eq(d.ended_at_delete, 1);
    dt_expect_eq(d.inside, 0);
}

static void test_deleted_inside(void **state)
{
    (void)state;
    always(deleted_inside, 2);
}

/* EXT-103: a delete callback frees the context; no callback runs or begins after it. */
#define TAG 0x6c654474 /* 'tDel' */

static EXT_CALLBACK        touches;
static EXT_DELETE_CALLBACK frees;

static VOID touches(PEX_TIMER timer, PVOID context)
{
    LONG *calls = context;

    (void)timer;
    InterlockedIncrement(calls); /* calls may overlap */
    KeReadStateEvent(&s.done);
    InterlockedIncrement(calls);
}

static VOID frees(PVOID context)
{
    ExFreePoolWithTag(context, TAG);
    KeSetEvent(&s.done, IO_NO_INCREMENT, FALSE);
}

static void deletes_and_frees(void *ctx)
{
    EXT_DELETE_PARAMETERS p;

    ExInitializeDeleteTimerParameters(&p);
    p.DeleteCallback = frees;
    p.DeleteContext = ctx;
    ExDeleteTimer(s.timer, TRUE, FALSE, &p);
}

static void context_freed(void *ctx)
{
    LONG *calls = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *calls, TAG);

    (void)ctx;
    memset(&s, 0, sizeof s);
    KeInitializeEvent(&s.done, NotificationEvent, FALSE);
    s.timer = ExAllocateTimer(touches, calls, 0);
    set_ms(1, 1);
    dt_spawn(1, deletes_and_frees, calls);
    wait_for(&s.done);
    dt_join_all();
}

static void test_context_freed(void **state)
{
    (void)state;
    always(context_freed, 2);
}

/* EXT-126: a set against the disable: set first, then the delete cancels it; or disabled first, then nothing is armed. */
static bool set_first, disabled_first;

static EXT_CALLBACK sets_again;

static VOID sets_again(PEX_TIMER timer, PVOID context)
{
    d.set = ExSetTimer(timer, -10000 * 100000LL, 0, NULL);
    count(timer, context);
}

static void set_against_delete(void *ctx)
{
    (void)ctx;
    start(sets_again, 0);
    set_ms(1, 0);
    sleep_ms(1);
    LONG    calls = s.calls;
    BOOLEAN was_set = delete_it(TRUE, TRUE);

    dt_expect(!d.set);
    if (calls)
        *(was_set ? &set_first : &disabled_first) = true;
}

static void test_set_against_delete(void **state)
{
    (void)state;
    set_first = disabled_first = false;
    reached(set_against_delete, 2, &set_first);
    assert_true(disabled_first || !simulated());
}

/* EXT-127, EXT-076: two deletes at once, while a callback keeps the object: one is accepted. */
static EXT_CALLBACK until_both_returned;

static VOID until_both_returned(PEX_TIMER timer, PVOID context)
{
    ExSetTimer(timer, MAXLONGLONG, 0, NULL);
    count(timer, context);
    while (InterlockedCompareExchange(&d.returned, 0, 0) < 2)
        YieldProcessor();
}

static void one_of_two(void *ctx)
{
    BOOLEAN *was_set = ctx;

    wait_for(&s.done);
    *was_set = delete_it(TRUE, FALSE);
    InterlockedIncrement(&d.returned);
}

static void two_deletes(void *ctx)
{
    BOOLEAN a = FALSE, b = FALSE;

    (void)ctx;
    start(until_both_returned, 0);
    dt_spawn(1, one_of_two, &a);
    dt_spawn(2, one_of_two, &b);
    set_ms(1, 0);
    dt_join_all();
    KeFlushQueuedDpcs();
    dt_expect(a != b); /* the timer is pending: who deletes it says TRUE */
    dt_expect_eq(d.deleted, 1);
}

/* EXT-127: without that callback the slower one may come after the end. */
static void deletes_too(void *ctx)
{
    (void)ctx;
    ExDeleteTimer(s.timer, TRUE, FALSE, NULL);
}

static void unprotected(void *ctx)
{
    (void)ctx;
    start(count, 0);
    dt_spawn(1, deletes_too, NULL);
    ExDeleteTimer(s.timer, TRUE, FALSE, NULL);
    dt_join_all();
}

static void test_two_deletes(void **state)
{
    struct dt_config cfg = config(3);

    (void)state;
    cfg.faithful = true;
    if (simulated())
        always_with(&cfg, two_deletes, 1);
    found(unprotected, 1, "DT-T17", 0xC6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_results),
        cmocka_unit_test(test_disabled),
        cmocka_unit_test(test_left_pending),
        cmocka_unit_test(test_valid_throughout),
        cmocka_unit_test(test_delete_without_wait),
        cmocka_unit_test(test_deleted_inside),
        cmocka_unit_test(test_context_freed),
        cmocka_unit_test(test_set_against_delete),
        cmocka_unit_test(test_two_deletes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
