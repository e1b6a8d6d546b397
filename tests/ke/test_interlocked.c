/* SPDX-License-Identifier: MIT */
/* Interlocked operations: values, atomicity, barriers, alignment. INT-001 .. INT-005, INT-007, INT-008, INT-010, INT-011. */
#include "../machine.h"

static struct {
    volatile LONG   count, gate, inside, ready;
    volatile LONG64 big;
    PVOID volatile pointer;
    LONG   data;
    KEVENT point;
    LONG   started, timed;
    UCHAR  raw[16];
} s;

static void begin(void)
{
    memset(&s, 0, sizeof s);
    KeInitializeEvent(&s.point, NotificationEvent, FALSE);
}

/* INT-001, INT-002, INT-003, INT-004. */
static void values_32(void)
{
    s.count = 0x7fffffff;
    dt_expect_eq(InterlockedIncrement(&s.count), (LONG)0x80000000);
    dt_expect_eq(InterlockedDecrement(&s.count), 0x7fffffff);
    dt_expect_eq(InterlockedExchange(&s.count, 6), 0x7fffffff);
    dt_expect_eq(InterlockedExchangeAdd(&s.count, -2), 6);
    dt_expect_eq(InterlockedCompareExchange(&s.count, 9, 5), 4);
    dt_expect_eq(s.count, 4);
    dt_expect_eq(InterlockedCompareExchange(&s.count, 9, 4), 4);
    dt_expect_eq(s.count, 9);
    dt_expect_eq(InterlockedAnd(&s.count, 8), 9);
    dt_expect_eq(InterlockedOr(&s.count, 3), 8);
    dt_expect_eq(InterlockedXor(&s.count, 1), 11);
    dt_expect_eq(s.count, 10);
}

static void values_64(void)
{
    int a, b;

    s.big = 0xffffffff;
    dt_expect_eq(InterlockedIncrement64(&s.big), 0x100000000);
    dt_expect_eq(InterlockedExchangeAdd64(&s.big, 1), 0x100000000);
    dt_expect_eq(InterlockedCompareExchange64(&s.big, 7, 0x100000001), 0x100000001);
    dt_expect(InterlockedExchangePointer(&s.pointer, &a) == NULL);
    dt_expect(InterlockedCompareExchangePointer(&s.pointer, &b, NULL) == (PVOID)&a);
    dt_expect(InterlockedCompareExchangePointer(&s.pointer, &b, &a) == (PVOID)&a);
    dt_expect(s.pointer == (PVOID)&b);
}

static void values(void *ctx)
{
    (void)ctx;
    begin();
    values_32();
    values_64();
}

/* INT-007: any level. */
static void at_any_level(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin();
    for (KIRQL level = 0; level <= HIGH_LEVEL; level++) {
        KeRaiseIrql(level, &irql);
        InterlockedIncrement(&s.count);
        KeLowerIrql(irql);
    }
    dt_expect_eq(s.count, HIGH_LEVEL + 1);
}

static void test_values(void **state)
{
    (void)state;
    passes(values);
    passes(at_any_level);
}

/* INT-005: n processors, m increments each, exactly n * m; with a plain increment some get lost (the twin). */
static void increments(void *ctx)
{
    (void)ctx;
    for (int i = 0; i < 2; i++)
        InterlockedIncrement(&s.count);
}

static void increments_plainly(void *ctx)
{
    (void)ctx;
    LONG before = s.count;

    KeMemoryBarrier();
    s.count = before + 1;
}

static void atomic(void *ctx)
{
    (void)ctx;
    begin();
    dt_spawn(1, increments, NULL);
    dt_spawn(2, increments, NULL);
    increments(NULL);
    dt_join_all();
    dt_expect_eq(s.count, 6);
}

static void not_atomic(void *ctx)
{
    (void)ctx;
    begin();
    dt_spawn(1, increments_plainly, NULL);
    increments_plainly(NULL);
    dt_join_all();
    dt_expect_eq(s.count, 2);
}

static struct dt_config atomic_level(unsigned processors)
{
    struct dt_config cfg = config(processors);

    cfg.level = DT_LEVEL_ATOMIC;
    return cfg;
}

static void test_atomic(void **state)
{
    struct dt_config cfg = atomic_level(3);

    (void)state;
    always_with(&cfg, atomic, 2);
    found_with(&cfg, not_atomic, 2, "DT-X05", 0);
}

/* INT-008: who sees the flag sees what was written before it; acquire and release as full barriers. */
static void publishes(void *ctx)
{
    (void)ctx;
    s.data = 42;
    InterlockedExchange(&s.ready, 1);
}

static void publication(void *ctx)
{
    (void)ctx;
    begin();
    dt_spawn(1, publishes, NULL);
    if (InterlockedCompareExchangeAcquire(&s.ready, 0, 0))
        dt_expect_eq(s.data, 42);
    while (!ReadAcquire(&s.ready))
        YieldProcessor();
    dt_expect_eq(s.data, 42);
    dt_join_all();
}

static void test_publication(void **state)
{
    struct dt_config cfg = atomic_level(2);

    (void)state;
    always_with(&cfg, publication, 3);
}

/* INT-010 [SEED]: StartIo and the timer routine of a miniport that come at once: the gate lets one in at a time. */
static bool both_came;

static void through_the_gate(LONG *how_often)
{
    if (InterlockedCompareExchange(&s.gate, 1, 0) != 0) {
        both_came = true;
        return;
    }
    dt_expect_eq(s.inside, 0);
    s.inside = 1;
    KeMemoryBarrier();
    ++*how_often;
    s.inside = 0;
    InterlockedExchange(&s.gate, 0);
}

static void through_no_gate(void)
{
    dt_expect_eq(s.inside, 0);
    s.inside = 1;
    KeMemoryBarrier();
    s.inside = 0;
}

static KDEFERRED_ROUTINE timer_routine, ungated_timer_routine;

static VOID timer_routine(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    through_the_gate(&s.timed);
    KeSetEvent(&s.point, IO_NO_INCREMENT, FALSE);
}

static VOID ungated_timer_routine(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    through_no_gate();
    KeSetEvent(&s.point, IO_NO_INCREMENT, FALSE);
}

static void start_io_beside(PKDEFERRED_ROUTINE routine, bool gated)
{
    static KTIMER timer;
    static KDPC   dpc;

    begin();
    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, routine, NULL);
    KeSetTargetProcessorDpc(&dpc, 1);
    KeSetTimer(&timer, in_ms(1), &dpc);
    if (gated)
        through_the_gate(&s.started);
    else
        through_no_gate();
    wait_for(&s.point);
    KeFlushQueuedDpcs();
}

static void gated(void *ctx)
{
    (void)ctx;
    start_io_beside(timer_routine, true);
}

static void ungated(void *ctx)
{
    (void)ctx;
    start_io_beside(ungated_timer_routine, false);
}

static void test_gate(void **state)
{
    struct dt_config cfg = atomic_level(2);

    (void)state;
    both_came = false;
    always_with(&cfg, gated, 3);
    if (simulated())
        assert_true(both_came);
    found_with(&cfg, ungated, 3, "DT-X05", 0);
}

/* INT-011. */
static void misaligned(void *ctx)
{
    (void)ctx;
    begin();
    InterlockedIncrement((LONG volatile *)(((uintptr_t)s.raw & ~(uintptr_t)7) + 9));
}

static void test_misaligned(void **state)
{
    (void)state;
    caught(misaligned, "DT-M02", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_atomic),
        cmocka_unit_test(test_publication),
        cmocka_unit_test(test_gate),
        cmocka_unit_test(test_misaligned),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
