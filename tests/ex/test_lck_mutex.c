/* SPDX-License-Identifier: MIT */
/* Fast and guarded mutexes beyond test_mutex.c: owners, APCs, hand-over, and each misuse with its code. */
#include "exlock.h"

#include "ddk/nt/ke_apc.h"

static struct {
    FAST_MUTEX m, n;
    KEVENT     owned, go;
    LONG       inside, value;
    KAPC       apc;
    LONG       apcs, apcs_while_owned;
} s;

static void begin(void)
{
    memset(&s, 0, sizeof s);
    ExInitializeFastMutex(&s.m);
    ExInitializeFastMutex(&s.n);
    KeInitializeEvent(&s.owned, NotificationEvent, FALSE);
    KeInitializeEvent(&s.go, NotificationEvent, FALSE);
}

static void to_apc_level(void)
{
    KIRQL old;

    KeRaiseIrql(APC_LEVEL, &old);
}

/* ---- what owning it means ---- */

/* LCK-001: at DISPATCH_LEVEL, in memory that was something else. LCK-002: the level comes back that was there. */
static void levels(void *ctx)
{
    KIRQL old;

    (void)ctx;
    memset(&s, 0xcc, sizeof s);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    ExInitializeFastMutex(&s.m);
    KeLowerIrql(old);
    dt_expect(s.m.Count == 1 && !s.m.Owner && s.m.Contention == 0);
    ExAcquireFastMutex(&s.m);
    dt_expect_eq(KeGetCurrentIrql(), APC_LEVEL);
    ExReleaseFastMutex(&s.m);
    dt_expect_eq(KeGetCurrentIrql(), PASSIVE_LEVEL);
    KeRaiseIrql(APC_LEVEL, &old);
    ExAcquireFastMutex(&s.m);
    ExReleaseFastMutex(&s.m);
    dt_expect_eq(KeGetCurrentIrql(), APC_LEVEL);
    KeLowerIrql(old);
}

/* LCK-003, LCK-004, LCK-008: free, owned by me, owned by another thread. */
static void try_it(void *ctx)
{
    (void)ctx;
    dt_expect(!ExTryToAcquireFastMutex(&s.m));
    dt_expect_eq(KeGetCurrentIrql(), PASSIVE_LEVEL);
    dt_expect(!KeTryToAcquireGuardedMutex(&s.m));
    dt_expect(!KeAreAllApcsDisabled()); /* LCK-017 */
}

static void tries(void *ctx)
{
    (void)ctx;
    begin();
    dt_expect(ExTryToAcquireFastMutex(&s.m));
    dt_expect(KeGetCurrentIrql() == APC_LEVEL && s.m.Count <= 0 && s.m.Owner == KeGetCurrentThread());
    dt_expect(!ExTryToAcquireFastMutex(&s.m));
    dt_expect_eq(KeGetCurrentIrql(), APC_LEVEL);
    dt_join(dt_spawn(1, try_it, NULL));
    ExReleaseFastMutex(&s.m);
}

/* LCK-014 */
static void wait_as_owner(void *ctx)
{
    (void)ctx;
    begin();
    ExAcquireFastMutex(&s.m);
    dt_expect_eq(wait_ms(&s.go, 2), STATUS_TIMEOUT);
    sleep_ms(1);
    dt_expect_eq(KeGetCurrentIrql(), APC_LEVEL);
    ExReleaseFastMutex(&s.m);
}

/* LCK-016: it is a fast mutex that enters a guarded region. */
static void guarded_is_fast(void *ctx)
{
    (void)ctx;
    begin();
    KeInitializeGuardedMutex(&s.m);
    dt_expect(s.m.Count == 1 && !s.m.Owner);
    dt_expect(KeTryToAcquireGuardedMutex(&s.m));
    dt_expect(s.m.Owner == KeGetCurrentThread() && s.m.Count == 0 && KeAreAllApcsDisabled());
    dt_expect_eq(KeGetCurrentIrql(), PASSIVE_LEVEL);
    KeReleaseGuardedMutex(&s.m);
    dt_expect(!KeAreAllApcsDisabled());
}

/* LCK-018: the unsafe ones enter no region; a guarded region or APC_LEVEL is the caller's business. */
static void guarded_unsafe(void *ctx)
{
    KIRQL old;

    (void)ctx;
    begin();
    KeEnterGuardedRegion();
    KeAcquireGuardedMutexUnsafe(&s.m);
    KeReleaseGuardedMutexUnsafe(&s.m);
    dt_expect(KeAreAllApcsDisabled());
    KeLeaveGuardedRegion();
    dt_expect(!KeAreAllApcsDisabled());
    KeRaiseIrql(APC_LEVEL, &old);
    KeAcquireGuardedMutexUnsafe(&s.m);
    KeReleaseGuardedMutexUnsafe(&s.m);
    KeLowerIrql(old);
}

static void test_owning(void **state)
{
    (void)state;
    passes(levels);
    passes(tries);
    passes(wait_as_owner);
    passes(guarded_is_fast);
    passes(guarded_unsafe);
}

/* ---- APCs ---- */

static VOID apc_routine(PKAPC apc, PVOID *normal, PVOID *context, PVOID *arg1, PVOID *arg2)
{
    (void)apc, (void)normal, (void)context, (void)arg1, (void)arg2;
    s.apcs_while_owned += s.m.Owner == KeGetCurrentThread();
    InterlockedIncrement(&s.apcs);
}

static void queue_special_apc(void *thread)
{
    KeInitializeApc(
        &s.apc, thread, OriginalApcEnvironment, (PKKERNEL_ROUTINE)apc_routine, NULL, NULL, KernelMode, NULL);
    dt_expect(KeInsertQueueApc(&s.apc, NULL, NULL, 0));
}

/* LCK-012: even a special kernel APC comes only when the mutex is given back. */
static void no_apcs(void *ctx)
{
    (void)ctx;
    begin();
    ExAcquireFastMutex(&s.m);
    dt_expect(KeAreAllApcsDisabled());
    dt_join(dt_spawn(1, queue_special_apc, KeGetCurrentThread()));
    sleep_ms(1);
    dt_expect_eq(s.apcs, 0);
    ExReleaseFastMutex(&s.m);
    dt_expect_eq(s.apcs, 1);
    KeAcquireGuardedMutex(&s.m);
    dt_join(dt_spawn(1, queue_special_apc, KeGetCurrentThread()));
    dt_expect_eq(s.apcs, 1);
    KeReleaseGuardedMutex(&s.m);
    dt_expect(s.apcs == 2 && s.apcs_while_owned == 0);
}

static void test_apcs(void **state)
{
    (void)state;
    passes(no_apcs);
}

/* ---- hand-over ---- */

static void enter(void *ctx)
{
    (void)ctx;
    KeAcquireGuardedMutex(&s.m);
    dt_expect_eq(InterlockedIncrement(&s.inside), 1);
    KeReadStateEvent(&s.go); /* a point */
    s.value++;
    InterlockedDecrement(&s.inside);
    KeReleaseGuardedMutex(&s.m);
}

/* LCK-013: who cannot have it waits, does not spin, and is one of those who get it next; on one processor too. */
static void blocked(void *ctx)
{
    begin();
    KeAcquireGuardedMutex(&s.m);
    dt_spawn(0, enter, NULL);
    dt_spawn(0, enter, NULL);
    while (__atomic_load_n(&s.m.Contention, __ATOMIC_SEQ_CST) != 2)
        sleep_ms(1);
    dt_expect(s.m.Count < 0); /* LCK-003 */
    KeReleaseGuardedMutex(&s.m);
    enter(ctx);
    dt_join_all();
    dt_expect(s.value == 3 && s.m.Count == 1 && !s.m.Owner);
}

static void test_hand_over(void **state)
{
    struct dt_config one = config(1);

    (void)state;
    always(blocked, 1);
    passes_with(&one, blocked);
}

/* ---- misuse ---- */

static void acquire_at_dispatch(void *ctx)
{
    KIRQL old;

    (void)ctx;
    begin();
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    ExAcquireFastMutex(&s.m);
}

static void try_at_dispatch(void *ctx)
{
    KIRQL old;

    (void)ctx;
    begin();
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    (void)ExTryToAcquireFastMutex(&s.m);
}

static void release_at_dispatch(void *ctx)
{
    KIRQL old;

    (void)ctx;
    begin();
    ExAcquireFastMutex(&s.m);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    ExReleaseFastMutex(&s.m);
}

static void recursive(void *ctx)
{
    (void)ctx;
    begin();
    ExAcquireFastMutex(&s.m);
    ExAcquireFastMutex(&s.m);
}

static void recursive_guarded(void *ctx)
{
    (void)ctx;
    begin();
    KeAcquireGuardedMutex(&s.m);
    KeAcquireGuardedMutex(&s.m);
}

static void release_free(void *ctx)
{
    (void)ctx;
    begin();
    to_apc_level();
    ExReleaseFastMutex(&s.m);
}

static void take_and_stay(void *ctx)
{
    (void)ctx;
    ExAcquireFastMutex(&s.m);
    KeSetEvent(&s.owned, IO_NO_INCREMENT, FALSE);
    wait_for(&s.go);
    ExReleaseFastMutex(&s.m);
}

static void release_foreign(void *ctx)
{
    (void)ctx;
    begin();
    dt_spawn(1, take_and_stay, NULL);
    wait_for(&s.owned);
    to_apc_level();
    ExReleaseFastMutex(&s.m);
}

static void not_in_reverse(void *ctx)
{
    (void)ctx;
    begin();
    ExAcquireFastMutex(&s.m);
    ExAcquireFastMutex(&s.n);
    ExReleaseFastMutex(&s.m);
    ExReleaseFastMutex(&s.n);
}

/* The repaired twins: in reverse order; in any order when the levels do not differ. */
static void in_reverse(void *ctx)
{
    KIRQL old;

    (void)ctx;
    begin();
    ExAcquireFastMutex(&s.m);
    ExAcquireFastMutex(&s.n);
    ExReleaseFastMutex(&s.n);
    ExReleaseFastMutex(&s.m);
    KeRaiseIrql(APC_LEVEL, &old);
    ExAcquireFastMutex(&s.m);
    ExAcquireFastMutex(&s.n);
    ExReleaseFastMutex(&s.m);
    ExReleaseFastMutex(&s.n);
    KeLowerIrql(old);
    KeAcquireGuardedMutex(&s.m);
    KeAcquireGuardedMutex(&s.n);
    KeReleaseGuardedMutex(&s.m);
    KeReleaseGuardedMutex(&s.n);
}

static void unsafe_then_safe(void *ctx)
{
    (void)ctx;
    begin();
    to_apc_level();
    ExAcquireFastMutexUnsafe(&s.m);
    ExReleaseFastMutex(&s.m);
}

static void safe_then_unsafe(void *ctx)
{
    (void)ctx;
    begin();
    ExAcquireFastMutex(&s.m);
    ExReleaseFastMutexUnsafe(&s.m);
}

static void unsafe_with_apcs(void *ctx)
{
    (void)ctx;
    begin();
    ExAcquireFastMutexUnsafe(&s.m);
}

static void unsafe_release_with_apcs(void *ctx)
{
    (void)ctx;
    begin();
    KeEnterCriticalRegion();
    ExAcquireFastMutexUnsafe(&s.m);
    KeLeaveCriticalRegion();
    ExReleaseFastMutexUnsafe(&s.m);
}

static void guarded_unsafe_with_apcs(void *ctx)
{
    (void)ctx;
    begin();
    KeAcquireGuardedMutexUnsafe(&s.m);
}

static void guarded_at_dispatch(void *ctx)
{
    KIRQL old;

    (void)ctx;
    begin();
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeAcquireGuardedMutex(&s.m);
}

/* PASSIVE_LEVEL only. */
static void passive_routine_as_owner(void *ctx)
{
    HANDLE h;

    (void)ctx;
    begin();
    ExAcquireFastMutex(&s.m);
    (void)PsCreateSystemThread(&h, 0, NULL, NULL, NULL, enter, NULL);
}

static void passive_routine_as_guarded_owner(void *ctx)
{
    HANDLE h;

    (void)ctx;
    begin();
    KeAcquireGuardedMutex(&s.m);
    (void)PsCreateSystemThread(&h, 0, NULL, NULL, NULL, enter, NULL);
    KeReleaseGuardedMutex(&s.m);
}

/* The repaired twin. */
static void passive_routine_afterwards(void *ctx)
{
    HANDLE h;

    (void)ctx;
    begin();
    KeAcquireGuardedMutex(&s.m);
    KeReleaseGuardedMutex(&s.m);
    dt_expect_eq(PsCreateSystemThread(&h, 0, NULL, NULL, NULL, enter, NULL), STATUS_SUCCESS);
    ZwClose(h);
}

static void guarded_in_paged_pool(void *ctx)
{
    (void)ctx;
    KeInitializeGuardedMutex(ExAllocatePool2(POOL_FLAG_PAGED, sizeof(KGUARDED_MUTEX), 'tseT'));
}

static void fast_in_paged_pool(void *ctx)
{
    PFAST_MUTEX m = ExAllocatePool2(POOL_FLAG_PAGED, sizeof *m, 'tseT');

    (void)ctx;
    ExInitializeFastMutex(m);
    ExAcquireFastMutex(m);
}

static void test_levels_misused(void **state)
{
    (void)state;
    violates(acquire_at_dispatch, "DT-L16", 0x33);      /* LCK-005 */
    violates(try_at_dispatch, "DT-L16", 0x33);          /* LCK-005 */
    violates(release_at_dispatch, "DT-L16", 0x34);      /* LCK-006 */
    violates(unsafe_with_apcs, "DT-L16", 0x39);         /* LCK-011 */
    violates(unsafe_release_with_apcs, "DT-L16", 0x3a); /* LCK-011 */
    violates(guarded_unsafe_with_apcs, "DT-L16", 0x39); /* LCK-018 */
    violates(guarded_at_dispatch, "DT-L16", 0x2000f);   /* LCK-019 */
    caught(passive_routine_as_owner, "DT-I01", 0xC4);   /* LCK-015 */
    caught(passive_routine_as_guarded_owner, "DT-L16", 0);
    passes(passive_routine_afterwards);
}

static void test_owners_misused(void **state)
{
    (void)state;
    violates(recursive, "DT-L01", 0x1000);         /* LCK-007 */
    violates(recursive_guarded, "DT-L01", 0x1000); /* LCK-007 */
    violates(release_free, "DT-L02", 0x1007);      /* LCK-009 */
    violates(release_foreign, "DT-L03", 0x1004);   /* LCK-009 */
    violates(not_in_reverse, "DT-L12", 0x1003);    /* LCK-009 */
    always(in_reverse, 0);
    violates(unsafe_then_safe, "DT-L16", 0x1009); /* LCK-010 */
    violates(safe_then_unsafe, "DT-L16", 0x1009); /* LCK-010 */
}

static void test_memory_misused(void **state)
{
    (void)state;
    violates(guarded_in_paged_pool, "DT-I10", 0xe1); /* LCK-020 */
    violates(fast_in_paged_pool, "DT-I10", 0xe1);    /* LCK-020 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_owning),
        cmocka_unit_test(test_apcs),
        cmocka_unit_test(test_hand_over),
        cmocka_unit_test(test_levels_misused),
        cmocka_unit_test(test_owners_misused),
        cmocka_unit_test(test_memory_misused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
