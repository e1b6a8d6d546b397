/* SPDX-License-Identifier: MIT */
/* EX_SPIN_LOCK: readers, writers, writers first, conversion, misuse. SPL-052 .. SPL-062, SPL-064. */
#define PROCESSORS_MIN 2 /* the bodies name processors */

#include "../machine.h"

static struct {
    EX_SPIN_LOCK  lock;
    KEVENT        point;
    LONG          readers, writers, sum;
    volatile LONG flag, writer_waits, order;
} s;

static bool together;

static void begin(void)
{
    memset(&s, 0, sizeof s); /* SPL-052: zero is initialised */
    KeInitializeEvent(&s.point, NotificationEvent, FALSE);
}

/* SPL-052, SPL-053. */
static void levels_at(KIRQL level)
{
    KIRQL entry, old;

    KeRaiseIrql(level, &entry);
    old = ExAcquireSpinLockShared(&s.lock);
    dt_expect_eq(old, level);
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    dt_expect(s.lock != 0);
    ExReleaseSpinLockShared(&s.lock, old);
    dt_expect_eq(KeGetCurrentIrql(), level);
    old = ExAcquireSpinLockExclusive(&s.lock);
    dt_expect_eq(old, level);
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    ExReleaseSpinLockExclusive(&s.lock, old);
    dt_expect_eq(KeGetCurrentIrql(), level);
    dt_expect_eq(s.lock, 0);
    KeLowerIrql(entry);
}

/* SPL-061: the level stays. The attempts. */
static void at_dpc_level(void)
{
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    ExAcquireSpinLockSharedAtDpcLevel(&s.lock);
    dt_expect(!ExTryAcquireSpinLockExclusiveAtDpcLevel(&s.lock));
    ExReleaseSpinLockSharedFromDpcLevel(&s.lock);
    ExAcquireSpinLockExclusiveAtDpcLevel(&s.lock);
    dt_expect(!ExTryAcquireSpinLockSharedAtDpcLevel(&s.lock));
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    ExReleaseSpinLockExclusiveFromDpcLevel(&s.lock);
    dt_expect(ExTryAcquireSpinLockSharedAtDpcLevel(&s.lock));
    ExReleaseSpinLockSharedFromDpcLevel(&s.lock);
    dt_expect(ExTryAcquireSpinLockExclusiveAtDpcLevel(&s.lock));
    ExReleaseSpinLockExclusiveFromDpcLevel(&s.lock);
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeLowerIrql(irql);
}

/* SPL-058, SPL-060. */
static void conversion(void)
{
    KIRQL irql = ExAcquireSpinLockShared(&s.lock);

    dt_expect(ExTryConvertSharedSpinLockExclusive(&s.lock));
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    ExReleaseSpinLockExclusive(&s.lock, irql);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    ExAcquireSpinLockSharedAtDpcLevel(&s.lock);
    dt_expect(ExTryConvertSharedSpinLockExclusive(&s.lock));
    ExReleaseSpinLockExclusiveFromDpcLevel(&s.lock);
    KeLowerIrql(irql);
    dt_expect_eq(s.lock, 0);
}

static void alone(void *ctx)
{
    (void)ctx;
    begin();
    levels_at(PASSIVE_LEVEL);
    levels_at(APC_LEVEL);
    levels_at(DISPATCH_LEVEL);
    at_dpc_level();
    conversion();
}

static void test_alone(void **state)
{
    (void)state;
    passes(alone);
}

/* SPL-054, SPL-056: readers together, a writer alone. */
static void reads(void *ctx)
{
    KIRQL irql = ExAcquireSpinLockShared(&s.lock);

    (void)ctx;
    if (InterlockedIncrement(&s.readers) == 2)
        together = true;
    dt_expect_eq(s.writers, 0);
    KeReadStateEvent(&s.point);
    dt_expect_eq(s.writers, 0);
    InterlockedDecrement(&s.readers);
    ExReleaseSpinLockShared(&s.lock, irql);
}

static void writes(void *ctx)
{
    KIRQL irql = ExAcquireSpinLockExclusive(&s.lock);

    (void)ctx;
    dt_expect_eq(s.readers, 0);
    dt_expect_eq(s.writers, 0);
    s.writers = 1;
    LONG before = s.sum;

    KeReadStateEvent(&s.point);
    s.sum = before + 1;
    dt_expect_eq(s.readers, 0);
    s.writers = 0;
    ExReleaseSpinLockExclusive(&s.lock, irql);
}

static void readers_and_writers(void *ctx)
{
    (void)ctx;
    begin();
    dt_spawn(1, reads, NULL);
    dt_spawn(2, writes, NULL);
    reads(NULL);
    writes(NULL);
    dt_join_all();
    dt_expect_eq(s.sum, 2);
    dt_expect_eq(s.lock, 0);
}

static void test_readers_and_writers(void **state)
{
    struct dt_config cfg = config(3);

    (void)state;
    together = false;
    always_with(&cfg, readers_and_writers, 2);
    if (simulated())
        assert_true(together);
}

/* SPL-055: once a writer waits, a reader that comes later gets in after it. */
static void late_writer(void *ctx)
{
    (void)ctx;
    KIRQL irql = ExAcquireSpinLockExclusive(&s.lock);

    dt_expect_eq(InterlockedIncrement(&s.order), 1);
    ExReleaseSpinLockExclusive(&s.lock, irql);
}

static void late_reader(void *ctx)
{
    (void)ctx;
    KIRQL irql = ExAcquireSpinLockShared(&s.lock);

    dt_expect_eq(InterlockedIncrement(&s.order), 2);
    ExReleaseSpinLockShared(&s.lock, irql);
}

/* The word is read as NT's drivers could: nonzero above the readers' count means that somebody else is in line. */
static void spin_until_writer_waits(void)
{
    while ((__atomic_load_n(&s.lock, __ATOMIC_ACQUIRE) & ~0xffff) == 0)
        YieldProcessor();
}

static void writers_first(void *ctx)
{
    (void)ctx;
    begin();
    KIRQL irql = ExAcquireSpinLockShared(&s.lock);

    dt_spawn(1, late_writer, NULL);
    spin_until_writer_waits();
    dt_spawn(2, late_reader, NULL);
    dt_expect(!ExTryConvertSharedSpinLockExclusive(&s.lock)); /* SPL-058: a writer waits */
    ExReleaseSpinLockShared(&s.lock, irql);
    dt_join_all();
    dt_expect_eq(s.order, 2);
}

static void test_writers_first(void **state)
{
    struct dt_config cfg = config(3);

    (void)state;
    always_with(&cfg, writers_first, 2);
}

/* SPL-058, SPL-059: two readers, both want to convert: neither can, and both still read. */
static void second_reader(void *ctx)
{
    KIRQL irql = ExAcquireSpinLockShared(&s.lock);

    (void)ctx;
    InterlockedIncrement(&s.readers);
    while (__atomic_load_n(&s.readers, __ATOMIC_ACQUIRE) < 2)
        YieldProcessor();
    dt_expect(!ExTryConvertSharedSpinLockExclusive(&s.lock));
    InterlockedIncrement(&s.flag);
    while (__atomic_load_n(&s.flag, __ATOMIC_ACQUIRE) < 2)
        YieldProcessor();
    ExReleaseSpinLockShared(&s.lock, irql);
}

static void both_convert(void *ctx)
{
    (void)ctx;
    begin();
    dt_spawn(1, second_reader, NULL);
    second_reader(NULL);
    dt_join_all();
    dt_expect_eq(s.lock, 0);
}

static void test_both_convert(void **state)
{
    (void)state;
    always(both_convert, 2);
}

/* ---- misuse ---- */

#define BEGIN          \
    KIRQL irql, inner; \
    (void)ctx;         \
    (void)irql;        \
    (void)inner;       \
    begin()

/* SPL-057 */
static void shared_in_shared(void *ctx)
{
    BEGIN;

    irql = ExAcquireSpinLockShared(&s.lock);
    ExAcquireSpinLockShared(&s.lock);
}

static void exclusive_in_exclusive(void *ctx)
{
    BEGIN;

    irql = ExAcquireSpinLockExclusive(&s.lock);
    ExAcquireSpinLockExclusive(&s.lock);
}

static void exclusive_in_shared(void *ctx)
{
    BEGIN;

    irql = ExAcquireSpinLockShared(&s.lock);
    ExAcquireSpinLockExclusive(&s.lock);
}

static void shared_in_exclusive(void *ctx)
{
    BEGIN;

    irql = ExAcquireSpinLockExclusive(&s.lock);
    ExAcquireSpinLockShared(&s.lock);
}

/* SPL-060 */
static void converted_released_as_shared(void *ctx)
{
    BEGIN;

    irql = ExAcquireSpinLockShared(&s.lock);
    dt_expect(ExTryConvertSharedSpinLockExclusive(&s.lock));
    ExReleaseSpinLockShared(&s.lock, irql);
}

/* SPL-060 */
static void converted_released_in_the_other_form(void *ctx)
{
    BEGIN;

    irql = ExAcquireSpinLockShared(&s.lock);
    dt_expect(ExTryConvertSharedSpinLockExclusive(&s.lock));
    ExReleaseSpinLockExclusiveFromDpcLevel(&s.lock);
}

/* SPL-062 */
static void shared_released_as_exclusive(void *ctx)
{
    BEGIN;

    irql = ExAcquireSpinLockShared(&s.lock);
    ExReleaseSpinLockExclusive(&s.lock, irql);
}

/* SPL-062 */
static void free_one_released(void *ctx)
{
    BEGIN;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    ExReleaseSpinLockShared(&s.lock, irql);
}

/* SPL-062 */
static void released_at_passive(void *ctx)
{
    BEGIN;

    ExReleaseSpinLockExclusive(&s.lock, PASSIVE_LEVEL);
}

/* SPL-061 */
static void at_dpc_level_at_passive(void *ctx)
{
    BEGIN;

    ExAcquireSpinLockSharedAtDpcLevel(&s.lock);
}

/* SPL-061 */
static void from_dpc_level_at_passive(void *ctx)
{
    BEGIN;

    ExReleaseSpinLockExclusiveFromDpcLevel(&s.lock);
}

/* SPL-064 */
static void exclusive_not_restored(void *ctx)
{
    BEGIN;

    irql = ExAcquireSpinLockExclusive(&s.lock);
    ExReleaseSpinLockExclusiveFromDpcLevel(&s.lock);
}

static void shared_not_restored(void *ctx)
{
    BEGIN;

    irql = ExAcquireSpinLockShared(&s.lock);
    ExReleaseSpinLockSharedFromDpcLevel(&s.lock);
}

static void exclusive_not_raised(void *ctx)
{
    BEGIN;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    ExAcquireSpinLockExclusiveAtDpcLevel(&s.lock);
    ExReleaseSpinLockExclusive(&s.lock, irql);
}

static void shared_not_raised(void *ctx)
{
    BEGIN;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    ExAcquireSpinLockSharedAtDpcLevel(&s.lock);
    ExReleaseSpinLockShared(&s.lock, irql);
}

static void test_recursion(void **state)
{
    (void)state;
    caught(shared_in_shared, "DT-L01", 0x0F);
    caught(exclusive_in_exclusive, "DT-L01", 0x0F);
    caught(exclusive_in_shared, "DT-L01", 0x0F);
    caught(shared_in_exclusive, "DT-L01", 0x0F);
}

/* SPL-057: the deadlock that recursion can end in: nobody watches, and a writer comes in between. */
static void reads_again(void *ctx)
{
    (void)ctx;
    begin();
    dt_spawn(1, writes, NULL);
    KIRQL irql = ExAcquireSpinLockShared(&s.lock);
    KIRQL again = ExAcquireSpinLockShared(&s.lock);

    ExReleaseSpinLockShared(&s.lock, again);
    ExReleaseSpinLockShared(&s.lock, irql);
    dt_join_all();
}

static void test_recursion_deadlocks(void **state)
{
    struct dt_config cfg = config(2);

    (void)state;
    cfg.faithful = true;
    if (simulated())
        passes_with(&cfg, reads_again);
    found_with(&cfg, reads_again, 2, "DT-X04", 0);
}

/* The verifier says it first; in faithful mode the lock itself says what is wrong. */
static void says(dt_body *body, const char *what)
{
    struct dt_config cfg = config(2);
    struct dt_result r = {0};

    cfg.faithful = true;
    if (!simulated())
        return;
    assert_int_equal(dt_run(&cfg, body, NULL, &r), 0);
    assert_finding(&r, "DT-L02", 0x10);
    if (!strstr(r.finding.what, what))
        fail_msg("%s", r.finding.what);
}

static void test_releases(void **state)
{
    (void)state;
    says(converted_released_as_shared, "held exclusively is released as if it were shared");
    says(shared_released_as_exclusive, "held shared is released as if it were exclusive");
    says(free_one_released, "nobody holds");
    caught(converted_released_as_shared, "DT-L02", 0x10);
    caught(converted_released_in_the_other_form, "DT-L09", 0xC4);
    caught(shared_released_as_exclusive, "DT-L02", 0x10);
    caught(free_one_released, "DT-L02", 0x10);
    caught(released_at_passive, "DT-I02", 0xC4);
    caught(at_dpc_level_at_passive, "DT-I02", 0xC4);
    caught(from_dpc_level_at_passive, "DT-I02", 0xC4);
    caught(exclusive_not_restored, "DT-L09", 0xC4);
    caught(shared_not_restored, "DT-L09", 0xC4);
    caught(exclusive_not_raised, "DT-L09", 0xC4);
    caught(shared_not_raised, "DT-L09", 0xC4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alone),
        cmocka_unit_test(test_readers_and_writers),
        cmocka_unit_test(test_writers_first),
        cmocka_unit_test(test_both_convert),
        cmocka_unit_test(test_recursion),
        cmocka_unit_test(test_recursion_deadlocks),
        cmocka_unit_test(test_releases),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
