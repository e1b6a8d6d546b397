/* SPDX-License-Identifier: MIT */
/* Push locks: who gets them, and every misuse with its code. */
#include "exlock.h"

static struct {
    EX_PUSH_LOCK lock;
    KEVENT       go, owned;
    LONG         readers, writers, value, turn, order[4], granted;
} s;

static bool both_readers, overtaken;

static void begin(void)
{
    memset(&s, 0, sizeof s);
    KeInitializeEvent(&s.go, NotificationEvent, FALSE);
    KeInitializeEvent(&s.owned, NotificationEvent, FALSE);
    ExInitializePushLock(&s.lock);
}

static void exclusive(void)
{
    ExAcquirePushLockExclusive(&s.lock);
}

static void shared(void)
{
    ExAcquirePushLockShared(&s.lock);
}

/* ---- one thread ---- */

/* LCK-047: a pointer's size; paged memory will do. */
static void in_paged_pool(void *ctx)
{
    PEX_PUSH_LOCK lock = ExAllocatePool2(POOL_FLAG_PAGED, sizeof *lock, 'tseT');
    KIRQL         old;

    (void)ctx;
    dt_expect_eq(sizeof(EX_PUSH_LOCK), sizeof(PVOID));
    *lock = 0xcccc;
    ExInitializePushLock(lock);
    KeEnterCriticalRegion();
    ExAcquirePushLockShared(lock);
    ExReleasePushLockShared(lock);
    ExAcquirePushLockExclusive(lock);
    ExReleasePushLockExclusive(lock);
    KeLeaveCriticalRegion();
    KeRaiseIrql(APC_LEVEL, &old);
    ExAcquirePushLockExclusive(lock);
    ExReleasePushLockExclusive(lock);
    KeLowerIrql(old);
    dt_expect_eq(*lock, 0);
    ExFreePoolWithTag(lock, 'tseT');
}

static void auto_expand(void *ctx)
{
    PVOID lock = FsRtlAllocateAePushLock(NonPagedPoolNx, 'tseT');

    (void)ctx;
    dt_expect(lock != NULL);
    FsRtlFreeAePushLock(lock);
}

enum { MANY_LOCKS = 2100 };

/* More at once than are kept account of are locked and released like any others, without false alarm. */
static void many_locks(void *ctx)
{
    static EX_PUSH_LOCK locks[MANY_LOCKS];

    (void)ctx;
    KeEnterCriticalRegion();
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < MANY_LOCKS; i++) {
            ExInitializePushLock(&locks[i]);
            ExAcquirePushLockSharedEx(&locks[i], 0);
        }
        for (unsigned i = 0; i < MANY_LOCKS; i++)
            ExReleasePushLockSharedEx(&locks[i], 0);
    }
    for (unsigned i = 0; i < MANY_LOCKS; i++)
        dt_expect_eq((ULONG_PTR)locks[i], 0);
    KeLeaveCriticalRegion();
}

static void test_alone(void **state)
{
    (void)state;
    passes(many_locks);
    passes(in_paged_pool);
    passes(auto_expand);
}

/* ---- many threads ---- */

static void reader(void *ctx)
{
    (void)ctx;
    KeEnterCriticalRegion();
    shared();
    LONG n = InterlockedIncrement(&s.readers);

    both_readers |= n == 2;
    dt_expect_eq(s.writers, 0);
    KeReadStateEvent(&s.go); /* a point */
    InterlockedDecrement(&s.readers);
    ExReleasePushLockShared(&s.lock);
    KeLeaveCriticalRegion();
}

static void writer(void *ctx)
{
    (void)ctx;
    KeEnterCriticalRegion();
    exclusive();
    dt_expect_eq(InterlockedIncrement(&s.writers), 1);
    dt_expect_eq(s.readers, 0);
    KeReadStateEvent(&s.go);
    s.value++;
    InterlockedDecrement(&s.writers);
    ExReleasePushLockExclusive(&s.lock);
    KeLeaveCriticalRegion();
}

/* LCK-048: on every schedule writers are alone; on some the readers are not. */
static void two_readers_one_writer(void *ctx)
{
    begin();
    dt_spawn(0, reader, NULL);
    dt_spawn(1, reader, NULL);
    writer(ctx);
    dt_join_all();
    dt_expect_eq(s.lock, 0);
}

static void two_writers(void *ctx)
{
    begin();
    dt_spawn(1, writer, NULL);
    writer(ctx);
    dt_join_all();
    dt_expect(s.value == 2 && s.lock == 0);
}

static void queue_exclusive(void *ctx)
{
    KeEnterCriticalRegion();
    exclusive();
    s.order[s.turn++] = (LONG)(LONG_PTR)ctx;
    ExReleasePushLockExclusive(&s.lock);
    KeLeaveCriticalRegion();
}

static void queue_shared(void *ctx)
{
    KeEnterCriticalRegion();
    shared();
    s.order[InterlockedIncrement(&s.turn) - 1] = (LONG)(LONG_PTR)ctx;
    ExReleasePushLockShared(&s.lock);
    KeLeaveCriticalRegion();
}

/* LCK-048: a pending exclusive request keeps a new shared one out, although the lock is held shared. Point 24. */
static void pending_writer(void *ctx)
{
    (void)ctx;
    begin();
    KeEnterCriticalRegion();
    shared();
    dt_spawn(1, queue_exclusive, (void *)1);
    dt_run_until_idle();
    dt_spawn(1, queue_shared, (void *)2);
    dt_run_until_idle();
    dt_expect_eq(s.turn, 0);
    ExReleasePushLockShared(&s.lock);
    KeLeaveCriticalRegion();
    dt_join_all();
    dt_expect(s.turn == 2 && s.order[0] == 1 && s.order[1] == 2);
}

/* LCK-051: of two exclusive waiters either may be first. */
static void two_waiting_writers(void *ctx)
{
    (void)ctx;
    begin();
    KeEnterCriticalRegion();
    exclusive();
    dt_spawn(1, queue_exclusive, (void *)1);
    dt_run_until_idle();
    dt_spawn(1, queue_exclusive, (void *)2);
    dt_run_until_idle();
    ExReleasePushLockExclusive(&s.lock);
    KeLeaveCriticalRegion();
    dt_join_all();
    dt_expect(s.turn == 2 && s.order[0] + s.order[1] == 3);
    overtaken |= s.order[0] == 2;
}

static void test_many(void **state)
{
    (void)state;
    always(two_writers, 2);
    reached(two_readers_one_writer, 2, &both_readers);
    always(pending_writer, 1);
    reached(two_waiting_writers, 1, &overtaken);
}

/* ---- misuse ---- */

static void begin_in_region(void)
{
    begin();
    KeEnterCriticalRegion();
}

static void exclusive_in_exclusive(void *ctx)
{
    (void)ctx;
    begin_in_region();
    exclusive();
    exclusive();
}

static void exclusive_in_shared(void *ctx)
{
    (void)ctx;
    begin_in_region();
    shared();
    exclusive();
}

static void shared_in_exclusive(void *ctx)
{
    (void)ctx;
    begin_in_region();
    exclusive();
    shared();
}

static void shared_in_shared(void *ctx)
{
    (void)ctx;
    begin_in_region();
    shared();
    shared();
    ExReleasePushLockShared(&s.lock);
    ExReleasePushLockShared(&s.lock);
    KeLeaveCriticalRegion();
}

static void one_after_the_other(void *ctx)
{
    (void)ctx;
    begin_in_region();
    shared();
    ExReleasePushLockShared(&s.lock);
    exclusive();
    ExReleasePushLockExclusive(&s.lock);
    shared();
    ExReleasePushLockShared(&s.lock);
    KeLeaveCriticalRegion();
}

static void with_apcs(void *ctx)
{
    (void)ctx;
    begin();
    shared();
}

static void released_with_apcs(void *ctx)
{
    (void)ctx;
    begin_in_region();
    exclusive();
    KeLeaveCriticalRegion();
    ExReleasePushLockExclusive(&s.lock);
}

static void wrong_mode(void *ctx)
{
    (void)ctx;
    begin_in_region();
    exclusive();
    ExReleasePushLockShared(&s.lock);
}

static void hold(void *ctx)
{
    (void)ctx;
    KeEnterCriticalRegion();
    exclusive();
    KeSetEvent(&s.owned, IO_NO_INCREMENT, FALSE);
    wait_for(&s.go);
    ExReleasePushLockExclusive(&s.lock);
    KeLeaveCriticalRegion();
}

static void released_by_another(void *ctx)
{
    (void)ctx;
    begin_in_region();
    dt_spawn(1, hold, NULL);
    wait_for(&s.owned);
    ExReleasePushLockExclusive(&s.lock);
}

static void released_by_nobody(void *ctx)
{
    (void)ctx;
    begin_in_region();
    ExReleasePushLockShared(&s.lock);
}

static void flags(void *ctx)
{
    (void)ctx;
    begin_in_region();
    ExAcquirePushLockExclusiveEx(&s.lock, 0x40);
}

static void at_dispatch(void *ctx)
{
    KIRQL old;

    (void)ctx;
    begin();
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    shared();
}

static void uninitialized(void *ctx)
{
    PEX_PUSH_LOCK lock = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED, sizeof *lock, 'tseT');

    (void)ctx;
    KeEnterCriticalRegion();
    ExAcquirePushLockShared(lock);
}

static void take_and_go(void *ctx)
{
    (void)ctx;
    KeEnterCriticalRegion();
    exclusive();
    KeLeaveCriticalRegion();
}

static void left_by_thread(void *ctx)
{
    (void)ctx;
    begin();
    dt_join(dt_spawn(1, take_and_go, NULL));
}

static void test_owners_misused(void **state)
{
    (void)state;
    violates(exclusive_in_exclusive, "DT-L01", 0x1000); /* LCK-049 */
    violates(exclusive_in_shared, "DT-L01", 0x1000);    /* LCK-049 */
    violates(shared_in_exclusive, "DT-L01", 0x1000);    /* LCK-049 */
    caught(shared_in_shared, "DT-L01", 0);              /* LCK-049: a warning */
    passes(one_after_the_other);
    violates(wrong_mode, "DT-L15", 0x1009);         /* LCK-052 */
    caught(released_by_another, "DT-L03", 0x162);   /* LCK-052 */
    caught(released_by_nobody, "DT-L03", 0x162);    /* LCK-052 */
    caught_with_code(flags, "DT-L15", 0x152, 0x40); /* LCK-052 */
    violates(uninitialized, "DT-L10", 0x1002);
    caught(left_by_thread, "DT-L04", 0x153); /* LCK-054 */
}

static void test_level_misused(void **state)
{
    struct dt_config cfg = config(2);
    struct dt_result r = {0};

    (void)state;
    violates(with_apcs, "DT-L15", 0xea);          /* LCK-050 */
    violates(released_with_apcs, "DT-L15", 0xeb); /* LCK-050 */
    caught(at_dispatch, "DT-I01", 0x192);         /* LCK-053 */
    if (!simulated())
        return;
    assert_int_equal(dt_run(&cfg, at_dispatch, NULL, &r), 0);
    assert_int_equal(r.finding.param[2], DISPATCH_LEVEL); /* LCK-053 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alone),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_owners_misused),
        cmocka_unit_test(test_level_misused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
