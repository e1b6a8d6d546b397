/* SPDX-License-Identifier: MIT */
/* Fast and guarded mutexes: LCK-001 .. LCK-018. */
#include "../machine.h"

static struct {
    FAST_MUTEX m;
    LONG       inside, value;
    bool       blocked;
} s;

static void begin(void)
{
    memset(&s, 0, sizeof s);
    ExInitializeFastMutex(&s.m);
}

/* LCK-001 .. LCK-004, LCK-008 */
static void plain(void *ctx)
{
    (void)ctx;
    begin();
    dt_expect(s.m.Count == 1 && !s.m.Owner && !s.m.Contention);
    ExAcquireFastMutex(&s.m);
    dt_expect(KeGetCurrentIrql() == APC_LEVEL && s.m.Count == 0 && s.m.Owner == KeGetCurrentThread());
    dt_expect(!ExTryToAcquireFastMutex(&s.m));
    dt_expect_eq(KeGetCurrentIrql(), APC_LEVEL);
    ExReleaseFastMutex(&s.m);
    dt_expect(KeGetCurrentIrql() == PASSIVE_LEVEL && s.m.Count == 1 && !s.m.Owner);
    dt_expect(ExTryToAcquireFastMutex(&s.m));
    dt_expect_eq(KeGetCurrentIrql(), APC_LEVEL);
    ExReleaseFastMutex(&s.m);
}

/* LCK-016, LCK-017 */
static void guarded(void *ctx)
{
    (void)ctx;
    KeInitializeGuardedMutex(&s.m);
    KeAcquireGuardedMutex(&s.m);
    dt_expect(KeAreAllApcsDisabled() && KeGetCurrentIrql() == PASSIVE_LEVEL);
    dt_expect(!KeTryToAcquireGuardedMutex(&s.m));
    KeReleaseGuardedMutex(&s.m);
    dt_expect(!KeAreAllApcsDisabled());
}

/* LCK-011 */
static void unsafe(void *ctx)
{
    KIRQL old;

    (void)ctx;
    begin();
    KeRaiseIrql(APC_LEVEL, &old);
    ExAcquireFastMutexUnsafe(&s.m);
    dt_expect_eq(KeGetCurrentIrql(), APC_LEVEL);
    ExReleaseFastMutexUnsafe(&s.m);
    KeLowerIrql(old);
    KeEnterCriticalRegion();
    ExAcquireFastMutexUnsafe(&s.m);
    dt_expect_eq(KeGetCurrentIrql(), PASSIVE_LEVEL);
    ExReleaseFastMutexUnsafe(&s.m);
    KeLeaveCriticalRegion();
}

static void test_states(void **state)
{
    (void)state;
    passes(plain);
    passes(guarded);
    passes(unsafe);
}

/* LCK-013: one at a time, on every schedule; somebody does block on some. */
static void contend(void *ctx)
{
    (void)ctx;
    ExAcquireFastMutex(&s.m);
    dt_expect_eq(++s.inside, 1);
    LONG before = s.value;

    KeReadStateEvent(&s.m.Event); /* a point */
    s.value = before + 1;
    s.inside--;
    ExReleaseFastMutex(&s.m);
}

static bool contended;

static void two(void *ctx)
{
    begin();
    dt_spawn(1, contend, NULL);
    contend(ctx);
    dt_join_all();
    dt_expect_eq(s.value, 2);
    dt_expect(s.m.Count == 1 && !s.m.Owner);
    contended |= s.m.Contention != 0;
}

static void test_exclusion(void **state)
{
    (void)state;
    always(two, 3);
    reached(two, 2, &contended);
}

/* ---- misuse ---- */

static void recursive(void *ctx)
{
    (void)ctx;
    begin();
    ExAcquireFastMutex(&s.m);
    ExAcquireFastMutex(&s.m);
}

static void release_free(void *ctx)
{
    KIRQL old;

    (void)ctx;
    begin();
    KeRaiseIrql(APC_LEVEL, &old);
    ExReleaseFastMutex(&s.m);
}

static void take(void *ctx)
{
    (void)ctx;
    ExAcquireFastMutexUnsafe(&s.m);
}

static KEVENT taken;

static void take_and_stay(void *ctx)
{
    (void)ctx;
    ExAcquireFastMutex(&s.m);
    KeSetEvent(&taken, IO_NO_INCREMENT, FALSE);
    sleep_ms(simulated() ? 1000 : 20000); /* the finding ends it */
}

static void release_foreign(void *ctx)
{
    KIRQL old;

    (void)ctx;
    begin();
    KeInitializeEvent(&taken, NotificationEvent, FALSE);
    dt_spawn(1, take_and_stay, NULL);
    wait_for(&taken);
    KeRaiseIrql(APC_LEVEL, &old);
    ExReleaseFastMutex(&s.m);
}

static void unsafe_apcs_on(void *ctx)
{
    (void)ctx;
    begin();
    take(ctx);
}

static void mixed(void *ctx)
{
    KIRQL old;

    (void)ctx;
    begin();
    KeRaiseIrql(APC_LEVEL, &old);
    ExAcquireFastMutexUnsafe(&s.m);
    ExReleaseFastMutex(&s.m);
}

static void at_dispatch(void *ctx)
{
    KIRQL old;

    (void)ctx;
    begin();
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    ExAcquireFastMutex(&s.m);
}

static void test_misuse(void **state)
{
    (void)state;
    caught(recursive, "DT-L01", 0xC4);    /* LCK-007 */
    caught(release_free, "DT-L02", 0xC4); /* LCK-009 */
    caught(release_foreign, "DT-L03", 0xC4);
    caught(mixed, "DT-L16", 0xC4);          /* LCK-010 */
    caught(unsafe_apcs_on, "DT-L16", 0xC4); /* LCK-011 */
    caught(at_dispatch, "DT-L16", 0xC4);    /* LCK-005 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_exclusion),
        cmocka_unit_test(test_misuse),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
