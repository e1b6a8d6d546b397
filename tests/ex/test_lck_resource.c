/* SPDX-License-Identifier: MIT */
/* Resources: who gets them, how often, in which order. */
#include "exlock.h"

static struct {
    ERESOURCE r;
    KEVENT    go, in;
    LONG      readers, readers_max, writers, value, order[8], turn;
    BOOLEAN   refused;
} s;

static bool both_readers;

static void begin(void)
{
    memset(&s, 0, sizeof s);
    KeInitializeEvent(&s.go, NotificationEvent, FALSE);
    KeInitializeEvent(&s.in, NotificationEvent, FALSE);
    dt_expect_eq(ExInitializeResourceLite(&s.r), STATUS_SUCCESS); /* LCK-021 */
}

static void end(void)
{
    dt_join_all();
    dt_expect_eq(ExIsResourceAcquiredSharedLite(&s.r), 0);
    dt_expect_eq(ExDeleteResourceLite(&s.r), STATUS_SUCCESS); /* LCK-022 */
}

static void exclusive(void)
{
    dt_expect(ExAcquireResourceExclusiveLite(&s.r, TRUE));
}

static void shared(void)
{
    dt_expect(ExAcquireResourceSharedLite(&s.r, TRUE));
}

static void release(unsigned n)
{
    while (n--)
        ExReleaseResourceLite(&s.r);
}

/* ---- one thread ---- */

/* LCK-024, LCK-026, LCK-033, LCK-034: n acquisitions need n releases, of whichever kind; shared ones do not downgrade. */
static void recursion(void)
{
    dt_expect(!ExIsResourceAcquiredExclusiveLite(&s.r) && !ExIsResourceAcquiredSharedLite(&s.r));
    exclusive();
    dt_expect(ExAcquireResourceExclusiveLite(&s.r, FALSE));
    shared();
    dt_expect(ExAcquireSharedStarveExclusive(&s.r, FALSE) && ExAcquireSharedWaitForExclusive(&s.r, FALSE));
    dt_expect_eq(ExIsResourceAcquiredSharedLite(&s.r), 5);
    for (ULONG left = 4; left > 0; left--) {
        release(1);
        dt_expect(ExIsResourceAcquiredExclusiveLite(&s.r));
        dt_expect_eq(ExIsResourceAcquiredSharedLite(&s.r), left);
    }
    release(1);
    dt_expect(!ExIsResourceAcquiredExclusiveLite(&s.r) && s.r.ActiveCount == 0);
    shared();
    shared();
    dt_expect_eq(ExIsResourceAcquiredSharedLite(&s.r), 2);
    dt_expect(!ExIsResourceAcquiredExclusiveLite(&s.r));     /* LCK-034: shared is not exclusive */
    dt_expect(!ExAcquireResourceExclusiveLite(&s.r, FALSE)); /* LCK-028: FALSE, although nobody else has it */
    release(2);
}

/* LCK-042 */
static void regions(void)
{
    ExEnterCriticalRegionAndAcquireResourceExclusive(&s.r);
    dt_expect(KeAreApcsDisabled() && ExIsResourceAcquiredExclusiveLite(&s.r));
    ExReleaseResourceAndLeaveCriticalRegion(&s.r);
    dt_expect(!KeAreApcsDisabled() && !ExIsResourceAcquiredSharedLite(&s.r));
    ExEnterCriticalRegionAndAcquireResourceShared(&s.r);
    dt_expect(KeAreApcsDisabled() && ExIsResourceAcquiredSharedLite(&s.r) == 1);
    ExEnterCriticalRegionAndAcquireSharedWaitForExclusive(&s.r);
    dt_expect_eq(ExIsResourceAcquiredSharedLite(&s.r), 2);
    ExReleaseResourceAndLeaveCriticalRegion(&s.r);
    ExReleaseResourceAndLeaveCriticalRegion(&s.r);
    dt_expect(!KeAreApcsDisabled());
}

/* LCK-043 */
static void reinitialized(void)
{
    exclusive();
    release(1);
    dt_expect_eq(ExReinitializeResourceLite(&s.r), STATUS_SUCCESS);
    shared();
    release(1);
}

/* LCK-021, LCK-036, LCK-038: what is legal at DISPATCH_LEVEL. */
static void at_dispatch(void)
{
    ERESOURCE other;
    KIRQL     old;

    exclusive();
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    dt_expect_eq(ExInitializeResourceLite(&other), STATUS_SUCCESS);
    dt_expect(ExGetExclusiveWaiterCount(&s.r) == 0 && ExGetSharedWaiterCount(&s.r) == 0);
    dt_expect(ExIsResourceAcquiredExclusiveLite(&s.r));
    ExReleaseResourceLite(&s.r);
    KeLowerIrql(old);
    ExDeleteResourceLite(&other);
}

static void alone(void *ctx)
{
    (void)ctx;
    begin();
    in_region(recursion);
    regions();
    in_region(reinitialized);
    in_region(at_dispatch);
    end();
}

/* At APC_LEVEL no region is needed (LCK-037). */
static void at_apc_level(void *ctx)
{
    KIRQL old;

    (void)ctx;
    begin();
    KeRaiseIrql(APC_LEVEL, &old);
    exclusive();
    release(1);
    KeLowerIrql(old);
    end();
}

static void test_alone(void **state)
{
    (void)state;
    passes(alone);
    passes(at_apc_level);
}

/* ---- many owners ---- */

static void reader(void *ctx)
{
    (void)ctx;
    KeEnterCriticalRegion();
    shared();
    LONG n = InterlockedIncrement(&s.readers);

    dt_expect_eq(s.writers, 0);
    both_readers |= n == 2;
    KeReadStateEvent(&s.go); /* a point */
    InterlockedDecrement(&s.readers);
    release(1);
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
    release(1);
    KeLeaveCriticalRegion();
}

/* LCK-025: on every schedule the writer is alone; on some the readers are not. */
static void two_readers_one_writer(void *ctx)
{
    begin();
    dt_spawn(0, reader, NULL);
    dt_spawn(1, reader, NULL);
    writer(ctx);
    end();
}

static void two_writers(void *ctx)
{
    begin();
    dt_spawn(1, writer, NULL);
    writer(ctx);
    end();
    dt_expect_eq(s.value, 2);
}

/* More owners than the first owner table has room for. */
static void hold_shared(void *ctx)
{
    KeEnterCriticalRegion();
    shared();
    if (InterlockedIncrement(&s.readers) == 12)
        KeSetEvent(&s.in, IO_NO_INCREMENT, FALSE);
    wait_for(&s.go);
    dt_expect_eq(ExIsResourceAcquiredSharedLite(&s.r), 1);
    release(1);
    KeLeaveCriticalRegion();
    (void)ctx;
}

static void many(void *ctx)
{
    (void)ctx;
    begin();
    for (int i = 0; i < 12; i++)
        dt_spawn(1, hold_shared, NULL);
    wait_for(&s.in);
    dt_expect_eq(s.r.ActiveCount, 12);
    KeSetEvent(&s.go, IO_NO_INCREMENT, FALSE);
    end();
    dt_expect_eq(s.r.ActiveCount, 0);
}

static void test_many(void **state)
{
    (void)state;
    always(two_writers, 2);
    reached(two_readers_one_writer, 2, &both_readers);
    passes(many);
}

/* ---- in line ---- */

static void queue_exclusive(void *ctx)
{
    KeEnterCriticalRegion();
    exclusive();
    s.order[s.turn++] = (LONG)(LONG_PTR)ctx;
    release(1);
    KeLeaveCriticalRegion();
}

static void queue_shared(void *ctx)
{
    KeEnterCriticalRegion();
    shared();
    s.order[InterlockedIncrement(&s.turn) - 1] = (LONG)(LONG_PTR)ctx;
    release(1);
    KeLeaveCriticalRegion();
}

/* LCK-036: until so many threads are blocked. */
static void until_waiting(ULONG exclusive_ones, ULONG shared_ones)
{
    while (ExGetExclusiveWaiterCount(&s.r) != exclusive_ones || ExGetSharedWaiterCount(&s.r) != shared_ones)
        sleep_ms(1);
}

static void try_all(void *ctx)
{
    (void)ctx;
    KeEnterCriticalRegion();
    dt_expect(!ExAcquireResourceSharedLite(&s.r, FALSE));     /* LCK-030 */
    dt_expect(!ExAcquireSharedWaitForExclusive(&s.r, FALSE)); /* LCK-032 */
    dt_expect(!ExAcquireResourceExclusiveLite(&s.r, FALSE));
    dt_expect(ExAcquireSharedStarveExclusive(&s.r, FALSE)); /* LCK-031 */
    dt_expect_eq(ExIsResourceAcquiredSharedLite(&s.r), 1);
    release(1);
    KeLeaveCriticalRegion();
}

/* LCK-027, LCK-030, LCK-031, LCK-032: shared-owned, and an exclusive waiter is pending. Point 24. */
static void pending_writer(void)
{
    shared();
    dt_spawn(1, queue_exclusive, (void *)1);
    until_waiting(1, 0);
    shared(); /* mine already: recursion goes past the waiter */
    dt_expect(!ExAcquireSharedWaitForExclusive(&s.r, FALSE));
    dt_expect(ExAcquireSharedStarveExclusive(&s.r, TRUE));
    dt_join(dt_spawn(1, try_all, NULL));
    dt_expect_eq(s.turn, 0);
    release(3);
}

/* LCK-046: the shared waiter came after the exclusive one, and stays behind it. */
static void after_exclusive(void)
{
    exclusive();
    dt_spawn(1, queue_exclusive, (void *)1);
    until_waiting(1, 0);
    dt_spawn(1, queue_shared, (void *)2);
    until_waiting(1, 1);
    release(1);
}

/* LCK-046: one shared waiter in front of the exclusive one and one behind it. */
static void around_exclusive(void)
{
    exclusive();
    dt_spawn(1, queue_shared, (void *)1);
    until_waiting(0, 1);
    dt_spawn(1, queue_exclusive, (void *)2);
    until_waiting(1, 1);
    dt_spawn(1, queue_shared, (void *)3);
    until_waiting(1, 2);
    release(1);
}

static void expect_order(LONG turns)
{
    end();
    dt_expect_eq(s.turn, turns);
    for (LONG i = 0; i < turns; i++)
        dt_expect_eq(s.order[i], i + 1);
}

static void line_after(void *ctx)
{
    (void)ctx;
    begin();
    in_region(after_exclusive);
    expect_order(2);
}

static void line_around(void *ctx)
{
    (void)ctx;
    begin();
    in_region(around_exclusive);
    expect_order(3);
}

static void line_pending(void *ctx)
{
    (void)ctx;
    begin();
    in_region(pending_writer);
    end();
    dt_expect_eq(s.turn, 1);
}

/* LCK-032: WaitForExclusive lets the writer go first although the thread owns it shared: another one has to release. */
static ULONG_PTR owner_pointer;

static void wait_for_exclusive(void)
{
    PVOID owner = (PVOID)((ULONG_PTR)&owner_pointer | 3);

    shared();
    ExSetResourceOwnerPointer(&s.r, owner);
    dt_spawn(1, queue_exclusive, (void *)1);
    until_waiting(1, 0);
    ExReleaseResourceForThreadLite(&s.r, (ERESOURCE_THREAD)owner);
    dt_expect(ExAcquireSharedWaitForExclusive(&s.r, TRUE));
    release(1);
}

static void line_wait_for_exclusive(void *ctx)
{
    (void)ctx;
    begin();
    in_region(wait_for_exclusive);
    end();
    dt_expect_eq(s.turn, 1);
}

static void test_line(void **state)
{
    (void)state;
    always(line_pending, 1);
    always(line_after, 1);
    always(line_around, 1);
    passes(line_wait_for_exclusive);
}

/* ---- conversion, owner pointers ---- */

/* LCK-035: the count stays, all shared waiters get in at once, exclusive ones do not. */
static void convert(void)
{
    exclusive();
    exclusive();
    dt_spawn(1, queue_exclusive, (void *)3);
    until_waiting(1, 0);
    dt_spawn(1, queue_shared, (void *)1);
    dt_spawn(1, queue_shared, (void *)2);
    until_waiting(1, 2);
    ExConvertExclusiveToSharedLite(&s.r);
    dt_expect(!ExIsResourceAcquiredExclusiveLite(&s.r));
    dt_expect_eq(ExIsResourceAcquiredSharedLite(&s.r), 2);
    dt_expect_eq(ExGetSharedWaiterCount(&s.r), 0);
    dt_expect_eq(ExGetExclusiveWaiterCount(&s.r), 1);
    while (__atomic_load_n(&s.turn, __ATOMIC_SEQ_CST) != 2)
        sleep_ms(1);
    release(2);
}

static void converted(void *ctx)
{
    (void)ctx;
    begin();
    in_region(convert);
    end();
    dt_expect(s.turn == 3 && s.order[2] == 3);
}

static void release_for_owner(void *ctx)
{
    KeEnterCriticalRegion();
    dt_expect_eq(ExIsResourceAcquiredSharedLite(&s.r), 0);
    ExReleaseResourceForThreadLite(&s.r, (ERESOURCE_THREAD)ctx);
    KeLeaveCriticalRegion();
}

/* LCK-040, LCK-041: the pointer owns it now, exclusively, as often as the thread did; another thread gives it back. */
static void hand_over(void)
{
    PVOID owner = (PVOID)((ULONG_PTR)&owner_pointer | 3);

    exclusive();
    exclusive();
    ExSetResourceOwnerPointer(&s.r, owner);
    dt_expect(!ExIsResourceAcquiredExclusiveLite(&s.r) && ExIsResourceAcquiredSharedLite(&s.r) == 0);
    dt_expect(!ExAcquireResourceSharedLite(&s.r, FALSE));
    dt_join(dt_spawn(1, release_for_owner, owner));
    dt_expect(!ExAcquireResourceSharedLite(&s.r, FALSE));
    dt_join(dt_spawn(1, release_for_owner, owner));
    shared();
    ExSetResourceOwnerPointerEx(&s.r, (PVOID)((ULONG_PTR)KeGetCurrentThread() | 3), FLAG_OWNER_POINTER_IS_THREAD);
    dt_expect_eq(ExIsResourceAcquiredSharedLite(&s.r), 0);
    ExReleaseResourceForThreadLite(&s.r, (ULONG_PTR)KeGetCurrentThread() | 3);
    exclusive();
    ExReleaseResourceForThreadLite(&s.r, ExGetCurrentResourceThread());
}

static void handed_over(void *ctx)
{
    (void)ctx;
    begin();
    in_region(hand_over);
    end();
}

static void test_owners(void **state)
{
    (void)state;
    always(converted, 1);
    passes(handed_over);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alone),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_line),
        cmocka_unit_test(test_owners),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
