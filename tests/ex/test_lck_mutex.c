/* SPDX-License-Identifier: MIT */
/* Fast and guarded mutexes beyond test_mutex.c: levels, owners, APCs, hand-over. */
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
    dt_expect(__atomic_load_n(&s.m.Count, __ATOMIC_RELAXED) < 0); /* LCK-003 */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_owning),
        cmocka_unit_test(test_apcs),
        cmocka_unit_test(test_hand_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
