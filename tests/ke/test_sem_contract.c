/* SPDX-License-Identifier: MIT */
/* Semaphores: counts, limits, waiters, and their misuse with its twins. */
#include "../machine.h"

#define TAG 0x6d655374 /* 'tSem' */

static struct {
    KSEMAPHORE sem;
    KEVENT     go;
    KSPIN_LOCK lock;
    LONG       released, consumed, order[8], items, taken;
    LONG       priority;
} s;

static void begin(LONG count, LONG limit)
{
    memset(&s, 0, sizeof s);
    KeInitializeSemaphore(&s.sem, count, limit);
    KeInitializeEvent(&s.go, NotificationEvent, FALSE);
    KeInitializeSpinLock(&s.lock);
}

/* SEM-001, SEM-004, SEM-015: signaled when the count is above 0; the state is the count, read at any IRQL. */
static void initialize(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    for (LONG n = 0; n <= 2; n++) {
        begin(n, 5);
        dt_expect_eq(s.sem.Header.Type, 5);
        dt_expect_eq(s.sem.Limit, 5);
        dt_expect_eq(s.sem.Header.SignalState, n);
        KeRaiseIrql(HIGH_LEVEL, &irql);
        dt_expect_eq(KeReadStateSemaphore(&s.sem), n);
        KeLowerIrql(irql);
        dt_expect_eq(KeReadStateSemaphore(&s.sem), n);
        dt_expect_eq(poll(&s.sem), n ? STATUS_SUCCESS : STATUS_TIMEOUT);
    }
}

/* SEM-005, SEM-006, SEM-012: a wait takes one; a release adds and returns the count before, and keeps IRQL. */
static void counts(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin(2, 10);
    dt_expect_eq(poll(&s.sem), STATUS_SUCCESS);
    dt_expect_eq(KeReadStateSemaphore(&s.sem), 1);
    dt_expect_eq(poll(&s.sem), STATUS_SUCCESS);
    dt_expect_eq(poll(&s.sem), STATUS_TIMEOUT);
    dt_expect_eq(wait_ms(&s.sem, 2), STATUS_TIMEOUT);
    dt_expect_eq(KeReadStateSemaphore(&s.sem), 0);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    dt_expect_eq(KeReleaseSemaphore(&s.sem, IO_NO_INCREMENT, 3, FALSE), 0);
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeLowerIrql(irql);
    dt_expect_eq(KeReleaseSemaphore(&s.sem, IO_NO_INCREMENT, 7, FALSE), 3);
    dt_expect_eq(KeGetCurrentIrql(), PASSIVE_LEVEL);
    dt_expect_eq(KeReadStateSemaphore(&s.sem), 10);
}

static void test_values(void **state)
{
    (void)state;
    passes(initialize);
    passes(counts);
}

/* ---- waiters ---- */

static void waiter(void *ctx)
{
    wait_for(&s.sem);
    s.order[InterlockedIncrement(&s.released) - 1] = (LONG)(LONG_PTR)ctx;
}

static void start_waiters(LONG n)
{
    for (LONG_PTR i = 1; i <= n; i++) {
        dt_spawn(1, waiter, (void *)i);
        settle();
    }
}

/* SEM-007: as many waiters as units, first come first served; what is left stays in the count. */
static void releases(LONG waiters, LONG adjustment)
{
    LONG expected = waiters < adjustment ? waiters : adjustment;

    begin(0, 10);
    start_waiters(waiters);
    KeReleaseSemaphore(&s.sem, IO_NO_INCREMENT, adjustment, FALSE);
    dt_expect_eq(KeReadStateSemaphore(&s.sem), adjustment - expected);
    settle();
    dt_expect_eq(s.released, expected);
    for (LONG i = 0; simulated() && i < expected; i++)
        dt_expect_eq(s.order[i], i + 1);
    if (waiters > expected)
        KeReleaseSemaphore(&s.sem, IO_NO_INCREMENT, waiters - expected, FALSE);
    dt_join_all();
}

static void releases_waiters(void *ctx)
{
    (void)ctx;
    releases(3, 1);
    releases(3, 2);
    releases(2, 2);
    releases(2, 5);
}

static void test_waiters(void **state)
{
    (void)state;
    passes(releases_waiters);
}

/* SEM-014: the increment boosts who is released. */
static void notes_priority(void *ctx)
{
    (void)ctx;
    wait_for(&s.sem);
    s.priority = KeQueryPriorityThread(KeGetCurrentThread());
}

static void boost(void *ctx)
{
    (void)ctx;
    begin(0, 1);
    dt_spawn(1, notes_priority, NULL);
    settle();
    KeReleaseSemaphore(&s.sem, 4, 1, FALSE);
    dt_join_all();
    dt_expect_eq(s.priority, 12);
}

static void test_boost(void **state)
{
    (void)state;
    passes(boost);
}

/* SEM-013: Wait = TRUE at PASSIVE_LEVEL keeps IRQL up until the wait. */
static void pair(void *ctx)
{
    (void)ctx;
    begin(0, 2);
    KeSetEvent(&s.go, IO_NO_INCREMENT, FALSE);
    dt_expect_eq(KeReleaseSemaphore(&s.sem, IO_NO_INCREMENT, 1, TRUE), 0);
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    wait_for(&s.go);
    dt_expect_eq(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

static void pair_at_apc(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin(0, 2);
    KeRaiseIrql(APC_LEVEL, &irql);
    KeReleaseSemaphore(&s.sem, IO_NO_INCREMENT, 1, TRUE);
}

static void pair_without_wait(void *ctx)
{
    (void)ctx;
    begin(0, 2);
    KeReleaseSemaphore(&s.sem, IO_NO_INCREMENT, 1, TRUE);
    KeReadStateSemaphore(&s.sem);
}

static void test_pair(void **state)
{
    (void)state;
    passes(pair);
    caught(pair_at_apc, "DT-I01", 0xC4);
    caught(pair_without_wait, "DT-W05", 0);
}

/* ---- limits ---- */

static void over_limit(void *ctx)
{
    (void)ctx;
    begin(1, 2);
    KeReleaseSemaphore(&s.sem, IO_NO_INCREMENT, 2, FALSE);
}

/* SEM-010: although a waiter could take one of the two. */
static void over_limit_with_waiter(void *ctx)
{
    (void)ctx;
    begin(0, 1);
    start_waiters(1);
    KeReleaseSemaphore(&s.sem, IO_NO_INCREMENT, 2, FALSE);
}

static void over_limit_at_dispatch(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin(2, 2);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeReleaseSemaphore(&s.sem, IO_NO_INCREMENT, 1, FALSE);
}

/* IRQL is back where it was when the exception is raised. */
static void over_limit_in_pair(void *ctx)
{
    (void)ctx;
    begin(2, 2);
    KeReleaseSemaphore(&s.sem, IO_NO_INCREMENT, 1, TRUE);
}

static void by_zero(void *ctx)
{
    (void)ctx;
    begin(0, 2);
    KeReleaseSemaphore(&s.sem, IO_NO_INCREMENT, 0, FALSE);
}

static void by_less(void *ctx)
{
    (void)ctx;
    begin(1, 2);
    KeReleaseSemaphore(&s.sem, IO_NO_INCREMENT, -1, FALSE);
}

static void wraps_around(void *ctx)
{
    (void)ctx;
    begin(MAXLONG, MAXLONG);
    KeReleaseSemaphore(&s.sem, IO_NO_INCREMENT, MAXLONG, FALSE);
}

static void up_to_limit(void *ctx)
{
    (void)ctx;
    begin(1, 2);
    dt_expect_eq(KeReleaseSemaphore(&s.sem, IO_NO_INCREMENT, 1, FALSE), 1);
    begin(0, MAXLONG);
    dt_expect_eq(KeReleaseSemaphore(&s.sem, IO_NO_INCREMENT, MAXLONG, FALSE), 0);
}

/* SEM-008: the exception and its code; count and waiters are as before. */
static void raises(dt_body *body, LONG count)
{
    struct dt_config cfg = config(2);
    struct dt_result r = {0};

    if (!simulated())
        return;
    assert_int_equal(dt_run(&cfg, body, NULL, &r), 0);
    assert_int_equal(r.finding.param[0], 0xC0000047);
    assert_int_equal(s.sem.Header.SignalState, count);
    assert_int_equal(s.released, 0);
}

/* SEM-009, SEM-011: 0x7E in a system thread, 0x1E at DISPATCH_LEVEL. */
static void test_limit(void **state)
{
    (void)state;
    caught(over_limit, "DT-W08", 0x7E);
    raises(over_limit, 1);
    caught(over_limit_with_waiter, "DT-W08", 0x7E);
    raises(over_limit_with_waiter, 0);
    caught(over_limit_at_dispatch, "DT-W08", 0x1E);
    caught(over_limit_in_pair, "DT-W08", 0x7E);
    caught(by_zero, "DT-W08", 0x7E);
    caught(by_less, "DT-W08", 0x7E);
    raises(by_less, 1);
    caught(wraps_around, "DT-W08", 0x7E);
    passes(up_to_limit);
}

/* ---- other misuse ---- */

static void negative_count(void *ctx)
{
    (void)ctx;
    begin(-1, 2);
}

static void no_limit(void *ctx)
{
    (void)ctx;
    begin(0, 0);
}

static void count_over_limit(void *ctx)
{
    (void)ctx;
    begin(3, 2);
}

static void initialized_at(KIRQL level)
{
    KIRQL irql;

    KeRaiseIrql(level, &irql);
    KeInitializeSemaphore(&s.sem, 0, 1);
    KeLowerIrql(irql);
}

static void initialized_at_dispatch(void *ctx)
{
    (void)ctx;
    initialized_at(DISPATCH_LEVEL);
}

static void initialized_above(void *ctx)
{
    (void)ctx;
    initialized_at(DISPATCH_LEVEL + 1);
}

static void in_pool(POOL_FLAGS flags)
{
    PKSEMAPHORE sem = ExAllocatePool2(flags, sizeof *sem, TAG);

    KeInitializeSemaphore(sem, 0, 1);
    ExFreePoolWithTag(sem, TAG);
}

static void in_paged_pool(void *ctx)
{
    (void)ctx;
    in_pool(POOL_FLAG_PAGED);
}

static void in_nonpaged_pool(void *ctx)
{
    (void)ctx;
    in_pool(POOL_FLAG_NON_PAGED);
}

static void waits_in_pool(void *ctx)
{
    wait_ms(ctx, 10000); /* the host may be slow, and nobody waits that long */
}

static void freed_under_waiter(void *ctx)
{
    PKSEMAPHORE sem = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *sem, TAG);

    (void)ctx;
    KeInitializeSemaphore(sem, 0, 1);
    dt_spawn(1, waits_in_pool, sem);
    settle();
    ExFreePoolWithTag(sem, TAG);
    dt_join_all();
}

static void freed_after_waiter(void *ctx)
{
    PKSEMAPHORE sem = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *sem, TAG);

    (void)ctx;
    KeInitializeSemaphore(sem, 0, 1);
    dt_spawn(1, waits_in_pool, sem);
    KeReleaseSemaphore(sem, IO_NO_INCREMENT, 1, FALSE);
    dt_join_all();
    ExFreePoolWithTag(sem, TAG);
}

static void waits_at_dispatch(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin(0, 1);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    wait_ms(&s.sem, 1);
}

/* SEM-002, SEM-003, SEM-020, SEM-021. */
static void test_misuse(void **state)
{
    (void)state;
    caught(negative_count, "DT-W08", 0);
    caught(no_limit, "DT-W08", 0);
    caught(count_over_limit, "DT-W08", 0);
    caught(initialized_at_dispatch, "DT-I01", 0);
    caught(initialized_above, "DT-I01", 0xC4);
    caught(in_paged_pool, NULL, 0xC4);
    passes(in_nonpaged_pool);
    caught(freed_under_waiter, "DT-W04", 0xC4);
    always(freed_after_waiter, 2);
    caught(waits_at_dispatch, "DT-W01", 0xC4);
}

/* ---- invariants ---- */

static void consumer(void *ctx)
{
    (void)ctx;
    while (wait_ms(&s.sem, 2) == STATUS_SUCCESS)
        InterlockedIncrement(&s.consumed);
}

/* SEM-016: never more is consumed than was there and was added. */
static void producer_and_consumers(void *ctx)
{
    (void)ctx;
    begin(1, 10);
    dt_spawn(1, consumer, NULL);
    dt_spawn(0, consumer, NULL);
    KeReleaseSemaphore(&s.sem, IO_NO_INCREMENT, 2, FALSE);
    dt_join_all();
    dt_expect_eq(s.consumed + KeReadStateSemaphore(&s.sem), 3);
}

/* SEM-017: another thread than the waiter may release; there is no owner. */
static void releases_for_other(void *ctx)
{
    (void)ctx;
    KeReleaseSemaphore(&s.sem, IO_NO_INCREMENT, 1, FALSE);
}

static void no_owner(void *ctx)
{
    (void)ctx;
    begin(1, 1);
    wait_for(&s.sem);
    dt_spawn(1, releases_for_other, NULL);
    wait_for(&s.sem);
    dt_join_all();
}

/* SEM-018: unlike a mutex, taken twice is a deadlock. */
static void taken_twice(void *ctx)
{
    (void)ctx;
    begin(1, 1);
    wait_for(&s.sem);
    wait_for(&s.sem);
}

/* SEM-019: a thread that takes one item for each unit takes them all. */
static void worker(void *ctx)
{
    KIRQL irql;

    for (LONG i = 0; i < (LONG)(LONG_PTR)ctx; i++) {
        wait_for(&s.sem);
        KeAcquireSpinLock(&s.lock, &irql);
        dt_expect(s.items > 0);
        s.items--;
        KeReleaseSpinLock(&s.lock, irql);
        s.taken++;
    }
}

static void driver_thread(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin(0, 10);
    dt_spawn(1, worker, (void *)2);
    for (int i = 0; i < 2; i++) {
        KeAcquireSpinLock(&s.lock, &irql);
        s.items++;
        KeReleaseSpinLock(&s.lock, irql);
        KeReleaseSemaphore(&s.sem, IO_NO_INCREMENT, 1, FALSE);
    }
    dt_join_all();
    dt_expect_eq(s.taken, 2);
    dt_expect_eq(s.items, 0);
}

static void test_invariants(void **state)
{
    (void)state;
    always(producer_and_consumers, 1);
    always(no_owner, 2);
    always(driver_thread, 2);
    if (simulated())
        caught(taken_twice, "DT-L17", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_waiters),
        cmocka_unit_test(test_boost),
        cmocka_unit_test(test_pair),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_misuse),
        cmocka_unit_test(test_invariants),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
