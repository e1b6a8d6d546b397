/* SPDX-License-Identifier: MIT */
/* KSPIN_LOCK: levels, ownership, exclusion. SPL-001 .. SPL-005, SPL-013, SPL-015 .. SPL-018, SPL-034 .. SPL-038. */
#include "../machine.h"

static struct {
    KSPIN_LOCK    a, b;
    KDPC          dpc;
    KTIMER        timer;
    KEVENT        done;
    LONG          inside, most, sum, dpcs;
    volatile LONG flag;
    KIRQL         shared_irql;
} s;

static void begin(void)
{
    memset(&s, 0, sizeof s);
    KeInitializeSpinLock(&s.a);
    KeInitializeSpinLock(&s.b);
    KeInitializeEvent(&s.done, NotificationEvent, FALSE);
}

/* SPL-001: also at HIGH_LEVEL. */
static void initialised_free(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    memset(&s.a, 0xff, sizeof s.a);
    KeRaiseIrql(HIGH_LEVEL, &irql);
    KeInitializeSpinLock(&s.a);
    KeLowerIrql(irql);
    dt_expect_eq(s.a, 0);
    dt_expect(KeTestSpinLock(&s.a));
}

/* SPL-002, SPL-004, SPL-005, SPL-015. */
static void levels_at(KIRQL level)
{
    KIRQL old = 99, entry;

    KeRaiseIrql(level, &entry);
    KeAcquireSpinLock(&s.a, &old);
    dt_expect_eq(old, level);
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    dt_expect(s.a != 0 && !KeTestSpinLock(&s.a));
    KeReleaseSpinLock(&s.a, old);
    dt_expect_eq(KeGetCurrentIrql(), level);
    dt_expect_eq(KeAcquireSpinLockRaiseToDpc(&s.a), level);
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeReleaseSpinLock(&s.a, level);
    dt_expect(KeTestSpinLock(&s.a));
    dt_expect_eq(KeGetCurrentIrql(), level);
    KeLowerIrql(entry);
}

static void levels(void *ctx)
{
    (void)ctx;
    begin();
    levels_at(PASSIVE_LEVEL);
    levels_at(APC_LEVEL);
    levels_at(DISPATCH_LEVEL);
}

/* SPL-009, SPL-010, SPL-013: at DPC level the level stays; TryTo takes a free lock and leaves one that is held, by anyone. */
static void at_dpc_level(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin();
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeAcquireSpinLockAtDpcLevel(&s.a);
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    dt_expect(!KeTryToAcquireSpinLockAtDpcLevel(&s.a));
    dt_expect(KeTryToAcquireSpinLockAtDpcLevel(&s.b));
    dt_expect(!KeTestSpinLock(&s.b));
    KeReleaseSpinLockFromDpcLevel(&s.b);
    KeReleaseSpinLockFromDpcLevel(&s.a);
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeLowerIrql(irql);
}

/* SPL-018: another lock is another matter; the inner OldIrql is DISPATCH_LEVEL. */
static void nested(void *ctx)
{
    KIRQL outer, inner;

    (void)ctx;
    begin();
    KeAcquireSpinLock(&s.a, &outer);
    KeAcquireSpinLock(&s.b, &inner);
    dt_expect_eq(outer, PASSIVE_LEVEL);
    dt_expect_eq(inner, DISPATCH_LEVEL);
    KeReleaseSpinLock(&s.b, inner);
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeReleaseSpinLock(&s.a, outer);
    dt_expect_eq(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

static void test_levels(void **state)
{
    (void)state;
    passes(initialised_free);
    passes(levels);
    passes(at_dpc_level);
    passes(nested);
}

/* SPL-004: what was queued meanwhile runs before the release returns, when it goes below DISPATCH_LEVEL. */
static KDEFERRED_ROUTINE count;

static VOID count(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    dt_expect(KeTestSpinLock(&s.a));
    s.dpcs++;
}

static void release_lets_dpcs_in(void *ctx)
{
    KIRQL outer, irql;

    (void)ctx;
    begin();
    KeInitializeDpc(&s.dpc, count, NULL);
    KeRaiseIrql(DISPATCH_LEVEL, &outer);
    KeAcquireSpinLock(&s.a, &irql);
    KeInsertQueueDpc(&s.dpc, NULL, NULL);
    KeReleaseSpinLock(&s.a, irql);
    dt_expect_eq(s.dpcs, 0);
    KeLowerIrql(outer);
    dt_expect_eq(s.dpcs, 1);
    KeAcquireSpinLock(&s.a, &irql);
    KeInsertQueueDpc(&s.dpc, NULL, NULL);
    dt_expect_eq(s.dpcs, 1);
    KeReleaseSpinLock(&s.a, irql);
    dt_expect_eq(s.dpcs, 2);
}

static void test_release_lets_dpcs_in(void **state)
{
    struct dt_config cfg = config(1);

    (void)state;
    passes_with(&cfg, release_lets_dpcs_in);
}

/*
 * SPL-017, SPL-036: at most one is between acquire and release, each gets its turn, nothing is lost. SPL-003: the
 * level is written after the lock is taken, so one variable guarded by the lock serves all. SPL-002. SPL-037: the
 * counters are plain.
 */
static void works(void *ctx)
{
    (void)ctx;
    for (int i = 0; i < 2; i++) {
        KeAcquireSpinLock(&s.a, &s.shared_irql);
        dt_expect_eq(s.inside, 0);
        s.inside = 1;
        LONG before = s.sum;

        KeReadStateEvent(&s.done); /* a point */
        s.sum = before + 1;
        s.inside = 0;
        KeReleaseSpinLock(&s.a, s.shared_irql);
        dt_expect_eq(KeGetCurrentIrql(), PASSIVE_LEVEL);
    }
}

static void exclusion(void *ctx)
{
    (void)ctx;
    begin();
    dt_spawn(1, works, NULL);
    dt_spawn(2, works, NULL);
    works(NULL);
    dt_join_all();
    dt_expect_eq(s.sum, 6);
}

static void test_exclusion(void **state)
{
    struct dt_config cfg = config(3);

    (void)state;
    always_with(&cfg, exclusion, 2);
}

/* The same without the lock loses increments: the test above can fail. */
static void unguarded(void *ctx)
{
    (void)ctx;
    LONG before = s.sum;

    KeReadStateEvent(&s.done);
    s.sum = before + 1;
}

static void no_exclusion(void *ctx)
{
    (void)ctx;
    begin();
    dt_spawn(1, unguarded, NULL);
    unguarded(NULL);
    dt_join_all();
    dt_expect_eq(s.sum, 2);
}

static void test_no_exclusion(void **state)
{
    (void)state;
    found(no_exclusion, 2, "DT-X05", 0);
}

/* SPL-036: either of two spinners may be the next. */
static bool first_was[3];
static LONG first;

static void wants(void *ctx)
{
    KIRQL irql;

    KeAcquireSpinLock(&s.a, &irql);
    if (!first)
        first = (LONG)(intptr_t)ctx;
    KeReleaseSpinLock(&s.a, irql);
}

static void two_want_it(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin();
    first = 0;
    KeAcquireSpinLock(&s.a, &irql);
    dt_spawn(1, wants, (void *)1);
    dt_spawn(2, wants, (void *)2);
    KeReleaseSpinLock(&s.a, irql);
    dt_join_all();
    first_was[first] = true;
}

static void test_two_want_it(void **state)
{
    struct dt_config cfg = config(3);

    (void)state;
    memset(first_was, 0, sizeof first_was);
    always_with(&cfg, two_want_it, 2);
    if (simulated())
        assert_true(first_was[1] && first_was[2]);
}

/* SPL-016: what KeTestSpinLock says may be history at once. */
static bool was_late;

static void looks(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    if (KeTestSpinLock(&s.a)) {
        if (KeTryToAcquireSpinLockAtDpcLevel(&s.a))
            KeReleaseSpinLockFromDpcLevel(&s.a);
        else
            was_late = true;
    }
    KeLowerIrql(irql);
}

static void test_is_a_hint(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin();
    dt_spawn(1, looks, NULL);
    KeAcquireSpinLock(&s.a, &irql);
    KeReadStateEvent(&s.done);
    KeReleaseSpinLock(&s.a, irql);
    dt_join_all();
}

static void test_test_is_a_hint(void **state)
{
    (void)state;
    was_late = false;
    reached(test_is_a_hint, 3, &was_late);
}

/* SPL-035: who spins does no other work: the DPC on its processor waits until it has had the lock. */
static void spins(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    KeAcquireSpinLock(&s.a, &irql);
    InterlockedExchange(&s.flag, 1);
    KeReleaseSpinLock(&s.a, irql);
}

static KDEFERRED_ROUTINE after_the_lock;

static VOID after_the_lock(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    s.dpcs++;
    KeSetEvent(&s.done, IO_NO_INCREMENT, FALSE);
}

static void spinner_does_nothing_else(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin();
    KeInitializeDpc(&s.dpc, after_the_lock, NULL);
    KeSetTargetProcessorDpc(&s.dpc, 1);
    KeSetImportanceDpc(&s.dpc, HighImportance);
    KeAcquireSpinLock(&s.a, &irql);
    dt_spawn(1, spins, NULL);
    KeStallExecutionProcessor(5); /* it comes to spin, when its processor is fast */
    KeInsertQueueDpc(&s.dpc, NULL, NULL);
    KeStallExecutionProcessor(5);
    LONG early = s.dpcs;

    KeReleaseSpinLock(&s.a, irql);
    wait_for(&s.done);
    dt_join_all();
    dt_expect(!early || simulated()); /* only before the thread began to spin */
    if (early)
        was_late = true;
}

static void test_spinner_does_nothing_else(void **state)
{
    (void)state;
    was_late = false;
    if (!simulated())
        return;
    passes(spinner_does_nothing_else);
    assert_false(was_late);
}

/* SPL-038: one processor: the lock still keeps DPCs and threads out. */
static KDEFERRED_ROUTINE in_dpc;

static VOID in_dpc(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    KeAcquireSpinLockAtDpcLevel(&s.a);
    dt_expect_eq(s.inside, 0);
    s.sum++;
    KeReleaseSpinLockFromDpcLevel(&s.a);
    KeSetEvent(&s.done, IO_NO_INCREMENT, FALSE);
}

static void one_processor(void *ctx)
{
    (void)ctx;
    begin();
    KeInitializeDpc(&s.dpc, in_dpc, NULL);
    KeInitializeTimer(&s.timer);
    KeSetTimer(&s.timer, in_ms(1), &s.dpc);
    dt_spawn(0, works, NULL);
    works(NULL);
    dt_join_all();
    wait_for(&s.done);
    dt_expect_eq(s.sum, 5);
}

static void test_one_processor(void **state)
{
    struct dt_config cfg = config(1);

    (void)state;
    always_with(&cfg, one_processor, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_release_lets_dpcs_in),
        cmocka_unit_test(test_exclusion),
        cmocka_unit_test(test_no_exclusion),
        cmocka_unit_test(test_two_want_it),
        cmocka_unit_test(test_test_is_a_hint),
        cmocka_unit_test(test_spinner_does_nothing_else),
        cmocka_unit_test(test_one_processor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
