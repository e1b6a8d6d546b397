/* SPDX-License-Identifier: MIT */
/* Fast and guarded mutexes misused: each with Driver Verifier's code, and the repaired twin silent. */
#include "exlock.h"

static struct {
    FAST_MUTEX m, n;
    KEVENT     owned, go;
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

static void enter(void *ctx)
{
    (void)ctx;
    KeAcquireGuardedMutex(&s.m);
    KeReleaseGuardedMutex(&s.m);
}

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

/* Nor is it the guarded region that forbids it: a mutex that is free again counts no more, whatever kind was released last. */
static void passive_routine_in_region(void *ctx)
{
    HANDLE h;

    begin();
    if (ctx) {
        ExAcquireFastMutex(&s.m);
        ExReleaseFastMutex(&s.m);
    } else {
        KeAcquireGuardedMutex(&s.m);
        KeReleaseGuardedMutex(&s.m);
    }
    KeEnterGuardedRegion();
    dt_expect_eq(PsCreateSystemThread(&h, 0, NULL, NULL, NULL, enter, NULL), STATUS_SUCCESS);
    ZwClose(h);
    KeLeaveGuardedRegion();
}

static void passive_routine_in_region_after_fast(void *ctx)
{
    (void)ctx;
    passive_routine_in_region(&s);
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
    passes(passive_routine_in_region);
    passes(passive_routine_in_region_after_fast);
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
        cmocka_unit_test(test_levels_misused),
        cmocka_unit_test(test_owners_misused),
        cmocka_unit_test(test_memory_misused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
