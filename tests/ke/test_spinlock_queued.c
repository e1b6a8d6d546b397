/* SPDX-License-Identifier: MIT */
/* In-stack queued spin locks, and locks that are held together. SPL-024, SPL-025, SPL-039 .. SPL-047. */
#include "../machine.h"

static struct {
    KSPIN_LOCK         a, b;
    KLOCK_QUEUE_HANDLE shared;
    KEVENT             point;
    LONG               sum, order;
    volatile LONG      in_line;
} s;

#define BEGIN                        \
    KLOCK_QUEUE_HANDLE h, inner;     \
    KIRQL              irql;         \
                                     \
    (void)ctx;                       \
    (void)irql;                      \
    memset(&h, 0, sizeof h);         \
    memset(&inner, 0, sizeof inner); \
    begin()

static void begin(void)
{
    memset(&s, 0, sizeof s);
    KeInitializeSpinLock(&s.a);
    KeInitializeSpinLock(&s.b);
    KeInitializeEvent(&s.point, NotificationEvent, FALSE);
}

/* SPL-039, SPL-047. */
static void levels_at(KIRQL level)
{
    KLOCK_QUEUE_HANDLE h;
    KIRQL              entry;

    KeRaiseIrql(level, &entry);
    KeAcquireInStackQueuedSpinLock(&s.a, &h);
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    dt_expect_eq(h.OldIrql, level);
    dt_expect(s.a != 0 && !KeTestSpinLock(&s.a));
    dt_expect((ULONG_PTR)h.LockQueue.Lock == ((ULONG_PTR)&s.a | 2) && !h.LockQueue.Next);
    KeReleaseInStackQueuedSpinLock(&h);
    dt_expect(h.LockQueue.Lock == &s.a);
    dt_expect_eq(KeGetCurrentIrql(), level);
    dt_expect(KeTestSpinLock(&s.a));
    KeLowerIrql(entry);
}

static void contract(void *ctx)
{
    BEGIN;

    levels_at(PASSIVE_LEVEL);
    levels_at(APC_LEVEL);
    levels_at(DISPATCH_LEVEL);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeAcquireInStackQueuedSpinLockAtDpcLevel(&s.a, &h); /* SPL-041 */
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    dt_expect(!KeTestSpinLock(&s.a));
    KeReleaseInStackQueuedSpinLockFromDpcLevel(&h);
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeLowerIrql(irql);
}

static void nested(void *ctx) /* SPL-046, the good half */
{
    BEGIN;

    KeAcquireInStackQueuedSpinLock(&s.a, &h);
    KeAcquireInStackQueuedSpinLock(&s.b, &inner);
    dt_expect_eq(inner.OldIrql, DISPATCH_LEVEL);
    KeReleaseInStackQueuedSpinLock(&inner);
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeReleaseInStackQueuedSpinLock(&h);
    dt_expect_eq(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

static void test_contract(void **state)
{
    (void)state;
    passes(contract);
    passes(nested);
}

static void counts(void *ctx)
{
    KLOCK_QUEUE_HANDLE h;

    (void)ctx;
    for (int i = 0; i < 2; i++) {
        KeAcquireInStackQueuedSpinLock(&s.a, &h);
        LONG before = s.sum;

        KeReadStateEvent(&s.point);
        s.sum = before + 1;
        KeReleaseInStackQueuedSpinLock(&h);
    }
}

static void exclusion(void *ctx)
{
    BEGIN;

    dt_spawn(1, counts, NULL);
    dt_spawn(2, counts, NULL);
    counts(NULL);
    dt_join_all();
    dt_expect_eq(s.sum, 6);
    dt_expect_eq(s.a, 0);
}

static void test_exclusion(void **state)
{
    struct dt_config cfg = config(3);

    (void)state;
    always_with(&cfg, exclusion, 2);
}

/* SPL-040: in order of arrival. Who is in line shows in the word: it changes when another one gets in line. */
static void in_line(void *ctx)
{
    KLOCK_QUEUE_HANDLE h;

    KeAcquireInStackQueuedSpinLock(&s.a, &h);
    dt_expect_eq(++s.order, (LONG)(intptr_t)ctx);
    KeReleaseInStackQueuedSpinLock(&h);
}

static void let_in_line(int cpu, intptr_t place)
{
    KSPIN_LOCK before = __atomic_load_n(&s.a, __ATOMIC_RELAXED);

    dt_spawn(cpu, in_line, (void *)place);
    while (__atomic_load_n(&s.a, __ATOMIC_RELAXED) == before)
        YieldProcessor();
}

static void fifo(void *ctx)
{
    BEGIN;

    KeAcquireInStackQueuedSpinLock(&s.a, &h);
    let_in_line(2, 1);
    let_in_line(1, 2);
    KeReleaseInStackQueuedSpinLock(&h);
    dt_join_all();
    dt_expect_eq(s.order, 2);
}

static void test_fifo(void **state)
{
    struct dt_config cfg = config(3);

    (void)state;
    always_with(&cfg, fifo, 2);
}

/* ---- misuse ---- */

static void at_dpc_level_at_passive(void *ctx) /* SPL-041 */
{
    BEGIN;

    KeAcquireInStackQueuedSpinLockAtDpcLevel(&s.a, &h);
}

static void released_at_passive(void *ctx) /* SPL-042 */
{
    BEGIN;

    KeReleaseInStackQueuedSpinLock(&h);
}

static void plain_on_queued(void *ctx) /* SPL-043 */
{
    BEGIN;

    KeAcquireInStackQueuedSpinLock(&s.a, &h);
    KeAcquireSpinLock(&s.a, &irql);
}

static void queued_on_plain(void *ctx)
{
    BEGIN;

    KeAcquireSpinLock(&s.a, &irql);
    KeAcquireInStackQueuedSpinLock(&s.a, &h);
}

static void plain_release_of_queued(void *ctx)
{
    BEGIN;

    KeAcquireInStackQueuedSpinLock(&s.a, &h);
    KeReleaseSpinLock(&s.a, h.OldIrql);
}

static void released_twice(void *ctx) /* SPL-044, SPL-045 */
{
    BEGIN;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeAcquireInStackQueuedSpinLock(&s.a, &h);
    KeReleaseInStackQueuedSpinLock(&h);
    KeReleaseInStackQueuedSpinLock(&h);
}

static void another_handle(void *ctx) /* SPL-044 */
{
    BEGIN;

    KeAcquireInStackQueuedSpinLock(&s.a, &h);
    KeReleaseInStackQueuedSpinLock(&inner);
}

static void acquired_twice(void *ctx) /* SPL-045 */
{
    BEGIN;

    KeAcquireInStackQueuedSpinLock(&s.a, &h);
    KeAcquireInStackQueuedSpinLock(&s.a, &h);
}

static void recursive(void *ctx) /* SPL-045: with two handles */
{
    BEGIN;

    KeAcquireInStackQueuedSpinLock(&s.a, &h);
    KeAcquireInStackQueuedSpinLock(&s.a, &inner);
}

static void one_handle_two_locks(void *ctx) /* SPL-044 */
{
    BEGIN;

    KeAcquireInStackQueuedSpinLock(&s.a, &h);
    KeAcquireInStackQueuedSpinLock(&s.b, &h);
}

static void outer_first(void *ctx) /* SPL-046 */
{
    BEGIN;

    KeAcquireInStackQueuedSpinLock(&s.a, &h);
    KeAcquireInStackQueuedSpinLock(&s.b, &inner);
    KeReleaseInStackQueuedSpinLock(&h);
}

static void test_misuse(void **state)
{
    (void)state;
    caught(at_dpc_level_at_passive, "DT-I02", 0xC4);
    caught(released_at_passive, "DT-I02", 0xC4);
    caught(plain_on_queued, "DT-L09", 0xC4);
    caught(queued_on_plain, "DT-L09", 0xC4);
    caught(plain_release_of_queued, "DT-L09", 0xC4);
    caught(released_twice, "DT-L02", 0xC4);
    caught(another_handle, "DT-L02", 0xC4);
    caught(acquired_twice, "DT-L09", 0xC4);
    caught(recursive, "DT-L01", 0x0F);
    caught(one_handle_two_locks, "DT-L09", 0xC4);
    caught(outer_first, "DT-L12", 0xC4);
}

/* SPL-044: one handle, not on the stack, for two processors. */
static void uses_the_shared_handle(void *ctx)
{
    (void)ctx;
    KeAcquireInStackQueuedSpinLock(&s.a, &s.shared);
    KeReadStateEvent(&s.point);
    KeReleaseInStackQueuedSpinLock(&s.shared);
}

static void shared_handle(void *ctx)
{
    BEGIN;

    dt_spawn(1, uses_the_shared_handle, NULL);
    uses_the_shared_handle(NULL);
    dt_join_all();
}

static void test_shared_handle(void **state)
{
    (void)state;
    found(shared_handle, 2, "DT-L09", 0xC4);
}

/* ---- two locks ---- */

static void take_both(PKSPIN_LOCK first, PKSPIN_LOCK second)
{
    KIRQL outer, inner;

    KeAcquireSpinLock(first, &outer);
    KeAcquireSpinLock(second, &inner);
    KeReleaseSpinLock(second, inner);
    KeReleaseSpinLock(first, outer);
}

static void b_then_a(void *ctx)
{
    (void)ctx;
    take_both(&s.b, &s.a);
}

static void a_then_b(void *ctx)
{
    (void)ctx;
    take_both(&s.a, &s.b);
}

/* SPL-024: told although the two never met. */
static void one_after_the_other(void *ctx)
{
    BEGIN;

    a_then_b(NULL);
    b_then_a(NULL);
}

static void two_orders(void *ctx)
{
    BEGIN;

    dt_spawn(1, b_then_a, NULL);
    a_then_b(NULL);
    dt_join_all();
}

static void one_order(void *ctx)
{
    BEGIN;

    dt_spawn(1, a_then_b, NULL);
    a_then_b(NULL);
    dt_join_all();
}

/* SPL-025: the two are made to meet. */
static void meets(PKSPIN_LOCK first, PKSPIN_LOCK second)
{
    KIRQL irql;

    KeAcquireSpinLock(first, &irql);
    InterlockedIncrement(&s.in_line);
    while (__atomic_load_n(&s.in_line, __ATOMIC_ACQUIRE) < 2)
        YieldProcessor();
    KeAcquireSpinLockAtDpcLevel(second);
}

static void meets_b_then_a(void *ctx)
{
    (void)ctx;
    meets(&s.b, &s.a);
}

static void deadlock(void *ctx)
{
    BEGIN;

    dt_spawn(1, meets_b_then_a, NULL);
    meets(&s.a, &s.b);
}

static void test_order(void **state)
{
    struct dt_config plain = config(2);

    (void)state;
    plain.faithful = true;
    caught(one_after_the_other, "DT-L06", 0xC4);
    always(one_order, 2);
    if (simulated())
        passes_with(&plain, two_orders);            /* by default nothing happens ... */
    found_with(&plain, two_orders, 2, "DT-X04", 0); /* ... and here it does */
    caught(deadlock, "DT-L17", 0xC4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contract),
        cmocka_unit_test(test_exclusion),
        cmocka_unit_test(test_fifo),
        cmocka_unit_test(test_misuse),
        cmocka_unit_test(test_shared_handle),
        cmocka_unit_test(test_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
