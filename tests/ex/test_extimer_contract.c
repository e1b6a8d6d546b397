/* SPDX-License-Identifier: MIT */
/* EX_TIMER: what the callback and the object promise. EXT-001 .. EXT-018, EXT-123 .. EXT-125, EXT-133. */
#include "../machine.h"

enum { CONTEXT = 0x5EED };

static struct {
    PEX_TIMER timer;
    KEVENT    done;
    PVOID     seen_timer, seen_context;
    LONG      calls, running, overlapped;
    LONG      wanted; /* calls after which done is set */
    KIRQL     irql;
    BOOLEAN   set_result, cancel_result, delete_result;
} s;

static bool overlap_seen;

static void begin(LONG wanted)
{
    memset(&s, 0, sizeof s);
    s.wanted = wanted;
    KeInitializeEvent(&s.done, NotificationEvent, FALSE);
}

static EXT_CALLBACK count;

/* Calls of a periodic timer may overlap. */
static VOID count(PEX_TIMER timer, PVOID context)
{
    __atomic_store_n(&s.seen_timer, timer, __ATOMIC_RELAXED);
    __atomic_store_n(&s.seen_context, context, __ATOMIC_RELAXED);
    __atomic_store_n(&s.irql, KeGetCurrentIrql(), __ATOMIC_RELAXED);
    if (InterlockedIncrement(&s.calls) == s.wanted)
        KeSetEvent(&s.done, IO_NO_INCREMENT, FALSE);
}

static void allocate(PEXT_CALLBACK callback, ULONG attributes)
{
    s.timer = ExAllocateTimer(callback, (PVOID)CONTEXT, attributes);
    dt_expect(s.timer != NULL);
}

static void delete_timer(void)
{
    ExDeleteTimer(s.timer, TRUE, TRUE, NULL);
}

/* EXT-001, EXT-006: not before a set, then once, with the timer and the context given. */
static void arguments(void *ctx)
{
    (void)ctx;
    begin(1);
    allocate(count, 0);
    sleep_ms(5);
    dt_expect_eq(s.calls, 0);
    ExSetTimer(s.timer, -10000, 0, NULL);
    wait_for(&s.done);
    delete_timer();
    dt_expect_eq(s.calls, 1);
    dt_expect(s.seen_timer == s.timer);
    dt_expect(s.seen_context == (PVOID)CONTEXT);
}

static void test_arguments(void **state)
{
    (void)state;
    always(arguments, 1);
}

/* EXT-003: DISPATCH_LEVEL for every kind of timer. */
static void irql_of(ULONG attributes)
{
    begin(1);
    allocate(count, attributes);
    ExSetTimer(s.timer, -10000, 0, NULL);
    wait_for(&s.done);
    delete_timer();
    dt_expect_eq(s.irql, DISPATCH_LEVEL);
}

static void callback_irql(void *ctx)
{
    (void)ctx;
    irql_of(0);
    irql_of(EX_TIMER_NOTIFICATION);
    irql_of(EX_TIMER_HIGH_RESOLUTION);
    irql_of(EX_TIMER_NO_WAKE);
    irql_of(EX_TIMER_HIGH_RESOLUTION | EX_TIMER_NOTIFICATION);
    irql_of(EX_TIMER_NO_WAKE | EX_TIMER_NOTIFICATION);
    begin(3);
    allocate(count, 0);
    ExSetTimer(s.timer, -10000, 10000, NULL);
    wait_for(&s.done);
    delete_timer();
    dt_expect_eq(s.irql, DISPATCH_LEVEL);
}

static void test_callback_irql(void **state)
{
    (void)state;
    passes(callback_irql);
}

/* EXT-004, EXT-008, EXT-010: no callback; the object is signaled by expiry and not before. */
static void no_callback(void *ctx)
{
    (void)ctx;
    begin(0);
    allocate(NULL, EX_TIMER_NOTIFICATION);
    dt_expect_eq(poll(s.timer), STATUS_TIMEOUT);
    ExSetTimer(s.timer, -20 * 10000, 0, NULL);
    dt_expect_eq(poll(s.timer), STATUS_TIMEOUT);
    wait_for(s.timer);
    dt_expect_eq(poll(s.timer), STATUS_SUCCESS);
    delete_timer();
}

static void test_no_callback(void **state)
{
    (void)state;
    passes(no_callback);
}

/* EXT-002, EXT-007: N expirations, N calls; a one-shot gives one. */
static void counts(void *ctx)
{
    (void)ctx;
    begin(7);
    allocate(count, 0);
    ExSetTimer(s.timer, -30000, 20000, NULL);
    wait_for(&s.done);
    dt_expect(ExCancelTimer(s.timer, NULL));
    sleep_ms(10);
    KeFlushQueuedDpcs(); /* in real time more calls may have been due before the cancel */
    dt_expect(s.calls == 7 || !simulated());

    s.calls = 0;
    s.wanted = 1;
    KeClearEvent(&s.done);
    ExSetTimer(s.timer, -30000, 0, NULL);
    wait_for(&s.done);
    sleep_ms(20);
    dt_expect_eq(s.calls, 1);
    delete_timer();
}

static void test_counts(void **state)
{
    (void)state;
    passes(counts);
}

/* The same, measured in virtual time: 1,000 ms of a 10 ms period are 100 calls. */
static void count_exactly(void *ctx)
{
    (void)ctx;
    begin(0);
    allocate(count, 0);
    ExSetTimer(s.timer, -100000, 100000, NULL);
    dt_run_for(DT_MS(1000));
    dt_expect_eq(s.calls, 100);
    delete_timer();
}

static void test_count_exactly(void **state)
{
    (void)state;
    if (simulated())
        passes(count_exactly);
}

/* EXT-009: in an array, WaitAny tells the index. */
static void wait_any(void *ctx)
{
    KEVENT never;
    PVOID  objects[2] = {&never};

    (void)ctx;
    begin(0);
    KeInitializeEvent(&never, NotificationEvent, FALSE);
    allocate(NULL, 0);
    objects[1] = s.timer;
    ExSetTimer(s.timer, -10000, 0, NULL);
    dt_expect_eq(
        KeWaitForMultipleObjects(2, objects, WaitAny, Executive, KernelMode, FALSE, NULL, NULL), STATUS_WAIT_1);
    delete_timer();
}

static void test_wait_any(void **state)
{
    (void)state;
    always(wait_any, 1);
}

/* EXT-012: cancelled before expiry: neither signal nor call. */
static void cancelled(void *ctx)
{
    (void)ctx;
    begin(1);
    allocate(count, EX_TIMER_NOTIFICATION);
    ExSetTimer(s.timer, -1000 * 10000, 0, NULL);
    if (ExCancelTimer(s.timer, NULL)) {
        dt_expect_eq(poll(s.timer), STATUS_TIMEOUT);
        sleep_ms(simulated() ? 2000 : 20);
        dt_expect_eq(poll(s.timer), STATUS_TIMEOUT);
        dt_expect_eq(s.calls, 0);
    } else { /* expiry came first: both happen */
        dt_expect_eq(poll(s.timer), STATUS_SUCCESS);
        wait_for(&s.done);
    }
    delete_timer();
}

static void test_cancelled(void **state)
{
    (void)state;
    always(cancelled, 2);
}

/* EXT-013: a second set replaces the first. */
static void set_again(void *ctx)
{
    uint64_t from;

    (void)ctx;
    begin(1);
    allocate(count, 0);
    from = KeQueryInterruptTime();
    dt_expect(!ExSetTimer(s.timer, -50000 * 10000, 0, NULL));
    dt_expect(ExSetTimer(s.timer, -10 * 10000, 0, NULL));
    wait_for(&s.done);
    dt_expect(KeQueryInterruptTime() - from < 40000 * 10000);
    sleep_ms(simulated() ? 100000 : 20);
    dt_expect_eq(s.calls, 1);
    delete_timer();
}

static void test_set_again(void **state)
{
    (void)state;
    passes(set_again);
}

/* EXT-014, EXT-123: inside a one-shot's callback set and cancel return FALSE, and the set arms anew. */
static EXT_CALLBACK rearm;

static VOID rearm(PEX_TIMER timer, PVOID context)
{
    if (InterlockedIncrement(&s.running) == 1) { /* the next call may begin before this one ends */
        s.cancel_result = ExCancelTimer(timer, NULL);
        s.set_result = ExSetTimer(timer, -10000, 0, NULL);
    }
    count(timer, context);
}

static void rearmed(void *ctx)
{
    (void)ctx;
    begin(2);
    allocate(rearm, 0);
    s.set_result = s.cancel_result = TRUE;
    ExSetTimer(s.timer, -10000, 0, NULL);
    wait_for(&s.done);
    delete_timer();
    dt_expect_eq(s.calls, 2);
    dt_expect(!s.set_result);
    dt_expect(!s.cancel_result);
}

static void test_rearmed(void **state)
{
    (void)state;
    always(rearmed, 1);
}

/* EXT-124: inside a periodic callback both return TRUE; the cancel ends it. */
static EXT_CALLBACK stop_periodic;

/* In real time so long that no second expiration comes before the cancel. */
static LONGLONG short_period(void)
{
    return simulated() ? 20000 : 100 * 10000000;
}

static VOID stop_periodic(PEX_TIMER timer, PVOID context)
{
    s.set_result = ExSetTimer(timer, -short_period(), short_period(), NULL);
    s.cancel_result = ExCancelTimer(timer, NULL);
    count(timer, context);
}

static void stopped_inside(void *ctx)
{
    (void)ctx;
    begin(1);
    allocate(stop_periodic, 0);
    ExSetTimer(s.timer, -50000, simulated() ? 50000 : short_period(), NULL);
    wait_for(&s.done);
    sleep_ms(30);
    dt_expect_eq(s.calls, 1);
    dt_expect(s.set_result);
    dt_expect(s.cancel_result);
    delete_timer();
}

static void test_stopped_inside(void **state)
{
    (void)state;
    passes(stopped_inside);
}

/* EXT-015, EXT-125: delete without wait inside the callback; the object lives until it returns. */
static EXT_CALLBACK delete_self;

static VOID delete_self(PEX_TIMER timer, PVOID context)
{
    s.delete_result = ExDeleteTimer(timer, TRUE, FALSE, NULL);
    dt_expect(!ExSetTimer(timer, -10000, 0, NULL)); /* still an object, but disabled: EXT-087 */
    count(timer, context);
}

static void deleted_inside(void *ctx)
{
    bool periodic = ctx != NULL;

    begin(1);
    allocate(delete_self, 0);
    ExSetTimer(s.timer, -10000, !periodic ? 0 : simulated() ? 10000 : short_period(), NULL);
    wait_for(&s.done);
    sleep_ms(5);
    dt_expect_eq(s.calls, 1);
    dt_expect_eq(s.delete_result, periodic);
}

static void deleted_inside_periodic(void *ctx)
{
    (void)ctx;
    deleted_inside(&s);
}

static void test_deleted_inside(void **state)
{
    (void)state;
    passes(deleted_inside);
    passes(deleted_inside_periodic);
}

/* EXT-017, EXT-018: callbacks of successive expirations may overlap on two processors, never on one. */
static EXT_CALLBACK overlapping;

static VOID overlapping(PEX_TIMER timer, PVOID context)
{
    if (InterlockedIncrement(&s.running) > 1)
        overlap_seen = true;
    count(timer, context);
    InterlockedDecrement(&s.running);
}

static void overlap(void *ctx)
{
    (void)ctx;
    begin(2);
    allocate(overlapping, 0);
    ExSetTimer(s.timer, -10000, 10000, NULL);
    wait_for(&s.done);
    delete_timer();
}

static void test_overlap_reachable(void **state)
{
    (void)state;
    overlap_seen = false;
    reached(overlap, 3, &overlap_seen);
}

static void test_no_overlap_on_one(void **state)
{
    struct dt_config cfg = config(1);

    (void)state;
    overlap_seen = false;
    always_with(&cfg, overlap, 3);
    assert_false(overlap_seen);
}

/* EXT-133: a thread that the expiry releases may run before, during or after the callback. */
static bool       before_seen, during_seen, after_seen;
static KSEMAPHORE gate;

static EXT_CALLBACK slow;

static VOID slow(PEX_TIMER timer, PVOID context)
{
    InterlockedIncrement(&s.running);
    KeReadStateEvent(&s.done); /* a point in the middle */
    InterlockedDecrement(&s.running);
    count(timer, context);
}

static void released(void *ctx)
{
    (void)ctx;
    wait_for(s.timer);
    if (s.calls)
        after_seen = true;
    else if (s.running)
        during_seen = true;
    else
        before_seen = true;
    KeReleaseSemaphore(&gate, IO_NO_INCREMENT, 1, FALSE);
}

static void release_order(void *ctx)
{
    (void)ctx;
    begin(1);
    KeInitializeSemaphore(&gate, 0, 1);
    allocate(slow, EX_TIMER_NOTIFICATION);
    dt_spawn(1, released, NULL);
    ExSetTimer(s.timer, -10000, 0, NULL);
    wait_for(&s.done);
    wait_for(&gate);
    dt_join_all();
    delete_timer();
}

static void test_release_order(void **state)
{
    (void)state;
    before_seen = during_seen = after_seen = false;
    reached(release_order, 2, &after_seen);
    if (simulated()) {
        assert_true(before_seen);
        assert_true(during_seen);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_callback_irql),
        cmocka_unit_test(test_no_callback),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_count_exactly),
        cmocka_unit_test(test_wait_any),
        cmocka_unit_test(test_cancelled),
        cmocka_unit_test(test_set_again),
        cmocka_unit_test(test_rearmed),
        cmocka_unit_test(test_stopped_inside),
        cmocka_unit_test(test_deleted_inside),
        cmocka_unit_test(test_overlap_reachable),
        cmocka_unit_test(test_no_overlap_on_one),
        cmocka_unit_test(test_release_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
