/* SPDX-License-Identifier: MIT */
/* IRQL: numbers, raise and lower, what is masked, misuse. IRQ-001 .. IRQ-004, IRQ-007 .. IRQ-028, IRQ-032 .. IRQ-038. */
#include "../machine.h"

#define TAG 0x6c717249 /* 'Irql' */

static struct {
    KDPC          dpc;
    KTIMER        timer;
    KEVENT        done;
    KSPIN_LOCK    lock;
    LIST_ENTRY    list, entry;
    LONG          dpcs;
    volatile LONG flag;
    ULONG         cpu;
} s;

#define BEGIN          \
    KIRQL irql, inner; \
    (void)ctx;         \
    (void)irql;        \
    (void)inner;       \
    begin()

static KDEFERRED_ROUTINE count;

static VOID count(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    InterlockedIncrement(&s.dpcs);
    KeSetEvent(&s.done, IO_NO_INCREMENT, FALSE);
}

static void begin(void)
{
    memset(&s, 0, sizeof s);
    KeInitializeDpc(&s.dpc, count, NULL);
    KeInitializeTimer(&s.timer);
    KeInitializeSpinLock(&s.lock);
    InitializeListHead(&s.list);
    KeInitializeEvent(&s.done, NotificationEvent, FALSE);
}

/* IRQ-001. */
_Static_assert(PASSIVE_LEVEL == 0 && APC_LEVEL == 1 && DISPATCH_LEVEL == 2, "software levels");
_Static_assert(CLOCK_LEVEL == 13 && IPI_LEVEL == 14 && POWER_LEVEL == 14 && HIGH_LEVEL == 15, "hardware levels");

/* IRQ-003, IRQ-007, IRQ-010, IRQ-016. */
static void raise_and_lower(void *ctx)
{
    BEGIN;

    dt_expect_eq(KeGetCurrentIrql(), PASSIVE_LEVEL); /* IRQ-004 */
    for (KIRQL level = 0; level <= HIGH_LEVEL; level++) {
        KeRaiseIrql(level, &irql);
        dt_expect_eq(irql, PASSIVE_LEVEL);
        dt_expect_eq(KeGetCurrentIrql(), level);
        KeRaiseIrql(level, &inner); /* the same level: nothing happens */
        dt_expect_eq(inner, level);
        dt_expect_eq(KeGetCurrentIrql(), level);
        KeLowerIrql(inner);
        KeLowerIrql(irql);
        dt_expect_eq(KeGetCurrentIrql(), PASSIVE_LEVEL);
    }
    dt_expect_eq(KeRaiseIrqlToDpcLevel(), PASSIVE_LEVEL);
    dt_expect_eq(KeRaiseIrqlToDpcLevel(), DISPATCH_LEVEL);
    KeLowerIrql(DISPATCH_LEVEL);
    KeLowerIrql(PASSIVE_LEVEL);
    irql = KeRaiseIrqlToSynchLevel();
    dt_expect_eq(KeGetCurrentIrql(), 12);
    KeLowerIrql(irql);
}

static void test_raise_and_lower(void **state)
{
    (void)state;
    passes(raise_and_lower);
}

/* IRQ-002: a property of the processor. */
static void looks_at_its_level(void *ctx)
{
    (void)ctx;
    dt_expect_eq(KeGetCurrentIrql(), PASSIVE_LEVEL); /* IRQ-004: where a thread starts */
    InterlockedExchange(&s.flag, 1);
}

static void of_the_processor(void *ctx)
{
    BEGIN;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    dt_spawn(1, looks_at_its_level, NULL);
    while (!__atomic_load_n(&s.flag, __ATOMIC_ACQUIRE))
        YieldProcessor();
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeLowerIrql(irql);
    dt_join_all();
}

static void test_of_the_processor(void **state)
{
    (void)state;
    passes(of_the_processor);
}

/* IRQ-018: DPCs run before KeLowerIrql returns; also when a thread of another processor could step first. */
static void lowering_runs_dpcs(void *ctx)
{
    BEGIN;

    KeSetTargetProcessorDpc(&s.dpc, 0);
    KeSetImportanceDpc(&s.dpc, HighImportance);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeRaiseIrql(5, &inner);
    KeInsertQueueDpc(&s.dpc, NULL, NULL);
    KeLowerIrql(inner);
    dt_expect_eq(s.dpcs, 0); /* IRQ-019, IRQ-020 */
    KeLowerIrql(irql);
    dt_expect_eq(s.dpcs, 1);
}

static void test_lowering_runs_dpcs(void **state)
{
    struct dt_config cfg = config(1);

    (void)state;
    passes_with(&cfg, lowering_runs_dpcs);
}

/* IRQ-020: no other thread gets this processor at DISPATCH_LEVEL, whatever its priority. */
static void urgent(void *ctx)
{
    (void)ctx;
    InterlockedExchange(&s.flag, 1);
}

static void no_switch_at_dispatch(void *ctx)
{
    BEGIN;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    dt_spawn_priority(0, 31, urgent, NULL);
    KeStallExecutionProcessor(20);
    dt_expect_eq(s.flag, 0);
    KeLowerIrql(irql);
    dt_join_all();
    dt_expect_eq(s.flag, 1);
}

/* IRQ-024, IRQ-033: at APC_LEVEL a thread waits and is preempted, and is at APC_LEVEL afterwards. */
static void waits_at_apc_level(void *ctx)
{
    BEGIN;

    KeRaiseIrql(APC_LEVEL, &irql);
    dt_spawn_priority(0, 12, urgent, NULL);
    sleep_ms(2);
    dt_expect_eq(KeGetCurrentIrql(), APC_LEVEL);
    if (simulated())
        dt_expect_eq(s.flag, 1);
    KeLowerIrql(irql);
    dt_join_all();
    dt_expect_eq(s.flag, 1);
}

static void test_switches(void **state)
{
    (void)state;
    if (simulated())
        passes(no_switch_at_dispatch);
    passes(waits_at_apc_level);
}

/* IRQ-022: the clock goes on at DISPATCH_LEVEL and device levels; the timer's DPC waits. IRQ-023: not at HIGH_LEVEL. */
static void clock_at(KIRQL level, bool ticks)
{
    KIRQL     irql;
    ULONGLONG before;

    begin();
    KeSetTargetProcessorDpc(&s.dpc, 0);
    KeSetTimer(&s.timer, in_ms(2), &s.dpc);
    before = KeQueryInterruptTime();
    KeRaiseIrql(level, &irql);
    for (int i = 0; i < 100; i++)
        KeStallExecutionProcessor(50);
    dt_expect_eq(s.dpcs, 0);
    if (ticks)
        dt_expect(KeQueryInterruptTime() > before);
    dt_expect_eq(s.timer.Header.SignalState != 0, ticks);
    KeLowerIrql(irql);
    wait_for(&s.done);
    dt_expect(KeReadStateTimer(&s.timer));
}

static void clock_at_levels(void *ctx)
{
    (void)ctx;
    clock_at(DISPATCH_LEVEL, true);
    clock_at(5, true);
    clock_at(HIGH_LEVEL, false);
}

static void test_clock(void **state)
{
    struct dt_config cfg = config(1);

    (void)state;
    cfg.faithful = true; /* timers are no business of device levels; IRQ-034: staying there is not an error */
    if (simulated())
        passes_with(&cfg, clock_at_levels);
}

/* IRQ-035: interrupts are off within, and the level is what it was. */
static void interlocked_levels(void *ctx)
{
    BEGIN;

    for (KIRQL level = 0; level <= HIGH_LEVEL; level++) {
        KeRaiseIrql(level, &irql);
        dt_expect(ExInterlockedInsertTailList(&s.list, &s.entry, &s.lock) == NULL);
        dt_expect_eq(KeGetCurrentIrql(), level);
        dt_expect(ExInterlockedRemoveHeadList(&s.list, &s.lock) == &s.entry);
        dt_expect_eq(KeGetCurrentIrql(), level);
        KeLowerIrql(irql);
    }
}

/* IRQ-036. */
static void affinity_waits(void *ctx)
{
    BEGIN;

    KeSetSystemAffinityThread(1);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeSetSystemAffinityThread(2);
    dt_expect_eq(KeGetCurrentProcessorNumberEx(NULL), 0);
    KeLowerIrql(irql);
    dt_expect_eq(KeGetCurrentProcessorNumberEx(NULL), 1);
    KeRevertToUserAffinityThread();
}

static void test_neighbours(void **state)
{
    (void)state;
    passes(interlocked_levels);
    passes(affinity_waits);
}

/* ---- misuse ---- */

static void raise_lowers(void *ctx) /* IRQ-008 */
{
    BEGIN;

    KeRaiseIrql(5, &irql);
    KeRaiseIrql(DISPATCH_LEVEL, &inner);
}

static void raise_too_far(void *ctx) /* IRQ-009 */
{
    BEGIN;

    KeRaiseIrql(0xCC, &irql);
}

static void dpc_level_from_above(void *ctx) /* IRQ-011 */
{
    BEGIN;

    KeRaiseIrql(5, &irql);
    KeRaiseIrqlToDpcLevel();
}

static void lower_raises(void *ctx) /* IRQ-013 */
{
    BEGIN;

    KeLowerIrql(DISPATCH_LEVEL);
}

static void lower_too_far(void *ctx) /* IRQ-014 */
{
    BEGIN;

    KeLowerIrql(0xCC);
}

static KDEFERRED_ROUTINE lowers;

static VOID lowers(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    KeLowerIrql(PASSIVE_LEVEL);
}

static void lower_in_a_dpc(void *ctx) /* IRQ-015 */
{
    BEGIN;

    KeInitializeDpc(&s.dpc, lowers, NULL);
    KeInsertQueueDpc(&s.dpc, NULL, NULL);
    sleep_ms(5);
}

static void lower_to_another(void *ctx) /* IRQ-012, IRQ-017 */
{
    BEGIN;

    KeRaiseIrql(APC_LEVEL, &irql);
    KeRaiseIrql(DISPATCH_LEVEL, &inner);
    KeLowerIrql(irql);
}

static void assert_code(dt_body *body, uint64_t p1, uint64_t p2, uint64_t p3)
{
    struct dt_config cfg = config(2);
    struct dt_result r = {0};

    caught(body, "DT-I03", 0xC4);
    if (!simulated())
        return;
    assert_int_equal(dt_run(&cfg, body, NULL, &r), 0);
    assert_int_equal(r.finding.param[0], p1);
    assert_int_equal(r.finding.param[1], p2);
    assert_int_equal(r.finding.param[2], p3);
}

static void test_misuse(void **state)
{
    (void)state;
    assert_code(raise_lowers, 0x30, 5, 2);
    assert_code(raise_too_far, 0x30, 0, 0xCC);
    assert_code(dpc_level_from_above, 0x30, 5, 2);
    assert_code(lower_raises, 0x31, 0, 2);
    assert_code(lower_too_far, 0x31, 0, 0xCC);
    assert_code(lower_in_a_dpc, 0x31, 2, 0);
    caught(lower_to_another, "DT-I04", 0);
}

/* IRQ-027. */
static void pageable_routine(KIRQL level)
{
    KIRQL irql;

    KeRaiseIrql(level, &irql);
    PAGED_CODE();
    KeLowerIrql(irql);
}

static void paged_at_apc(void *ctx) /* IRQ-025: legal at APC_LEVEL */
{
    BEGIN;

    pageable_routine(APC_LEVEL);
    PVOID p = ExAllocatePoolWithTag(PagedPool, 64, TAG);

    KeRaiseIrql(APC_LEVEL, &irql);
    memset(p, 1, 64);
    KeLowerIrql(irql);
    ExFreePoolWithTag(p, TAG);
}

static void paged_at_dispatch(void *ctx)
{
    BEGIN;

    pageable_routine(DISPATCH_LEVEL);
}

static void waits_at_dispatch(void *ctx) /* IRQ-028 */
{
    BEGIN;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    wait_ms(&s.done, 1);
}

static void raises(KIRQL level)
{
    KIRQL irql;

    KeRaiseIrql(level, &irql);
    ExRaiseStatus(STATUS_ACCESS_VIOLATION);
}

static void raises_at_dispatch(void *ctx) /* IRQ-039, SPL-027 */
{
    BEGIN;

    raises(DISPATCH_LEVEL);
}

static void raises_at_apc(void *ctx) /* IRQ-039: nobody handles it, which is another matter */
{
    BEGIN;

    raises(APC_LEVEL);
}

/* IRQ-026: address, IRQL, kind of access, instruction. */
static void writes_nowhere(void *ctx)
{
    BEGIN;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    *(volatile int *)(uintptr_t)0x1230 = 1;
}

static void test_fault(void **state)
{
    struct dt_config cfg = config(2);
    struct dt_result r = {0};

    (void)state;
    if (!simulated() || SANITIZED)
        return;
    assert_int_equal(dt_run(&cfg, writes_nowhere, NULL, &r), 0);
    if (r.verdict != DT_FINDING)
        skip(); /* a sanitizer has the signals */
    assert_int_equal(r.finding.bugcheck, 0xD1);
    assert_int_equal(r.finding.param[0], 0x1230);
    assert_int_equal(r.finding.param[1], DISPATCH_LEVEL);
    assert_int_equal(r.finding.param[2], 1);
    assert_true(r.finding.param[3] - (uintptr_t)writes_nowhere < 0x1000);
}

static KDEVICE_QUEUE       queue;
static KDEVICE_QUEUE_ENTRY queue_entry;

static void dispatch_only_at_passive(void *ctx) /* IRQ-032 */
{
    BEGIN;

    KeInitializeDeviceQueue(&queue);
    KeInsertDeviceQueue(&queue, &queue_entry);
}

static void test_other_misuse(void **state)
{
    (void)state;
    passes(paged_at_apc);
    caught(paged_at_dispatch, "DT-I10", 0xD1);
    caught(waits_at_dispatch, "DT-W01", 0xC4);
    caught(raises_at_dispatch, "DT-I01", 0xC4);
    caught(raises_at_apc, NULL, 0x7E);
    caught(dispatch_only_at_passive, "DT-I02", 0x0A);
}

/* IRQ-038: at any level; the record holds just these values; nothing of the driver runs afterwards. */
static bool went_on;

static void bug_check(void *ctx)
{
    BEGIN;

    KeRaiseIrql(HIGH_LEVEL, &irql);
    KeBugCheckEx(0xE2, 1, 2, 3, 4);
    went_on = true;
}

static void test_bug_check(void **state)
{
    struct dt_config cfg = config(2);
    struct dt_result r = {0};

    (void)state;
    caught(bug_check, NULL, 0xE2);
    if (!simulated())
        return;
    assert_int_equal(dt_run(&cfg, bug_check, NULL, &r), 0);
    for (uint64_t i = 0; i < 4; i++)
        assert_int_equal(r.finding.param[i], i + 1);
    assert_false(went_on);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fault), /* first: from its second test on cmocka has SIGSEGV */
        cmocka_unit_test(test_raise_and_lower),
        cmocka_unit_test(test_of_the_processor),
        cmocka_unit_test(test_lowering_runs_dpcs),
        cmocka_unit_test(test_switches),
        cmocka_unit_test(test_clock),
        cmocka_unit_test(test_neighbours),
        cmocka_unit_test(test_misuse),
        cmocka_unit_test(test_other_misuse),
        cmocka_unit_test(test_bug_check),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
