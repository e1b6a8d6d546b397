/* SPDX-License-Identifier: MIT */
/* DPCs used wrongly: each bad driver is caught, its repaired twin is silent. DPC-005, DPC-006, DPC-008, DPC-009, DPC-060 ..
 * DPC-071. */
#include "../machine.h"

#define TAG 0x63704474 /* 'tDpc' */

static struct {
    KDPC       dpc;
    KTIMER     timer;
    KEVENT     done;
    KMUTEX     mutex;
    KSPIN_LOCK lock;
    LONG       calls;
    PVOID      memory;
} s;

static KDEFERRED_ROUTINE count;

static VOID count(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    s.calls++;
    KeSetEvent(&s.done, IO_NO_INCREMENT, FALSE);
}

static void begin(PKDEFERRED_ROUTINE routine)
{
    memset(&s, 0, sizeof s);
    KeInitializeDpc(&s.dpc, routine, NULL);
    KeInitializeTimer(&s.timer);
    KeInitializeEvent(&s.done, NotificationEvent, FALSE);
    KeInitializeMutex(&s.mutex, 0);
    KeInitializeSpinLock(&s.lock);
}

static void run(PKDEFERRED_ROUTINE routine)
{
    begin(routine);
    KeInsertQueueDpc(&s.dpc, NULL, NULL);
}

/* ---- DPC-006: memory with a queued DPC is freed ---- */

static void free_queued(bool remove_first)
{
    KIRQL irql;
    PKDPC dpc = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *dpc, TAG);

    begin(count);
    KeInitializeDpc(dpc, count, NULL);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeInsertQueueDpc(dpc, NULL, NULL);
    if (remove_first)
        dt_expect(KeRemoveQueueDpc(dpc));
    ExFreePoolWithTag(dpc, TAG);
    KeLowerIrql(irql);
    dt_expect_eq(s.calls, 0);
}

static void freed_queued(void *ctx)
{
    (void)ctx;
    free_queued(false);
}

static void freed_removed(void *ctx)
{
    (void)ctx;
    free_queued(true);
}

/* DPC-005: in pageable memory. */
static void pageable(void *ctx)
{
    PKDPC dpc = ExAllocatePool2(POOL_FLAG_PAGED, sizeof *dpc, TAG);

    (void)ctx;
    KeInitializeDpc(dpc, count, NULL);
    ExFreePoolWithTag(dpc, TAG);
}

static void resident(void *ctx)
{
    PKDPC dpc = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *dpc, TAG);

    (void)ctx;
    KeInitializeDpc(dpc, count, NULL);
    ExFreePoolWithTag(dpc, TAG);
}

static void test_memory(void **state)
{
    (void)state;
    caught(freed_queued, "DT-D03", 0xC7);
    passes(freed_removed);
    caught(pageable, "DT-I10", 0xC4);
    passes(resident);
}

/* ---- DPC-008, DPC-009: the object ---- */

static void impossible_target(void *ctx)
{
    (void)ctx;
    begin(count);
    s.dpc.Number = 0x500 + 2;
    KeInsertQueueDpc(&s.dpc, NULL, NULL);
}

static void initialize_again(bool queued)
{
    KIRQL irql;

    begin(count);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeInsertQueueDpc(&s.dpc, NULL, NULL);
    if (!queued)
        KeRemoveQueueDpc(&s.dpc);
    KeInitializeDpc(&s.dpc, count, NULL);
    KeLowerIrql(irql);
}

static void initialized_queued(void *ctx)
{
    (void)ctx;
    initialize_again(true);
}

static void initialized_idle(void *ctx)
{
    (void)ctx;
    initialize_again(false);
}

static void test_object(void **state)
{
    (void)state;
    caught(impossible_target, "DT-D11", 0xC7);
    caught(initialized_queued, "DT-D02", 0);
    passes(initialized_idle);
}

/* ---- DPC-060: waiting ---- */

static KDEFERRED_ROUTINE waits_long, waits_for_ever, delays, waits_for_mutex;

static VOID waits_long(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    wait_ms(&s.done, 1);
}

static VOID waits_for_ever(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    wait_for(&s.done);
}

static VOID delays(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    sleep_ms(1);
}

static VOID waits_for_mutex(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    KeWaitForMutexObject(&s.mutex, Executive, KernelMode, FALSE, NULL);
}

static void run_waits_long(void *ctx)
{
    (void)ctx;
    run(waits_long);
}

static void run_waits_for_ever(void *ctx)
{
    (void)ctx;
    run(waits_for_ever);
}

static void run_delays(void *ctx)
{
    (void)ctx;
    run(delays);
}

static void run_waits_for_mutex(void *ctx)
{
    (void)ctx;
    run(waits_for_mutex);
}

/* WAI-071 says with which code. */
static void stopped_by(dt_body *body, const char *rule)
{
    struct dt_config cfg = config(2);
    struct dt_result r;

    if (!simulated())
        return;
    assert_int_equal(dt_run(&cfg, body, NULL, &r), 0);
    assert_int_equal(r.verdict, DT_FINDING);
    assert_string_equal(r.finding.rule, rule);
}

static void test_waits(void **state)
{
    struct dt_config bare = config(2);

    (void)state;
    caught(run_waits_long, "DT-D06", 0xB8);
    caught(run_waits_for_ever, "DT-D06", 0xB8);
    caught(run_waits_for_mutex, "DT-D06", 0xB8);
    stopped_by(run_delays, "DT-I01");
    bare.faithful = true;
    caught_with(&bare, run_waits_long, "DT-D06", 0xB8);
}

/* ---- how it returns: DPC-062 .. DPC-065 ---- */

static KDEFERRED_ROUTINE stays_raised, lowers, keeps_region, keeps_lock, good;

static VOID stays_raised(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    KIRQL irql;

    (void)dpc, (void)context, (void)a, (void)b;
    KeRaiseIrql(HIGH_LEVEL, &irql);
}

static VOID lowers(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    KeLowerIrql(PASSIVE_LEVEL);
}

/* The mutex is had at once; its owner, whoever was interrupted, has kernel APCs disabled from then on. */
static VOID keeps_region(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    poll(&s.mutex);
}

static VOID keeps_lock(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    KeAcquireSpinLockAtDpcLevel(&s.lock);
}

static VOID good(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    KIRQL irql;

    (void)dpc, (void)context, (void)a, (void)b;
    KeRaiseIrql(HIGH_LEVEL, &irql);
    KeLowerIrql(irql);
    KeAcquireSpinLockAtDpcLevel(&s.lock);
    KeReleaseSpinLockFromDpcLevel(&s.lock);
    s.calls++;
}

static void run_stays_raised(void *ctx)
{
    (void)ctx;
    run(stays_raised);
}

static void run_lowers(void *ctx)
{
    (void)ctx;
    run(lowers);
}

static void run_keeps_region(void *ctx)
{
    (void)ctx;
    run(keeps_region);
}

static void timer_keeps_region(void *ctx)
{
    (void)ctx;
    begin(keeps_region);
    KeSetTimer(&s.timer, in_ms(1), &s.dpc);
    until_caught();
}

static void run_keeps_lock(void *ctx)
{
    (void)ctx;
    run(keeps_lock);
}

static void run_good(void *ctx)
{
    (void)ctx;
    run(good);
    dt_expect_eq(s.calls, 1);
}

static void expect_parameter(dt_body *body, uint64_t p1)
{
    struct dt_config cfg = config(2);
    struct dt_result r;

    if (!simulated())
        return;
    assert_int_equal(dt_run(&cfg, body, NULL, &r), 0);
    if (r.finding.param[0] != p1)
        fail_msg("parameter 1 is 0x%llx: %s", (unsigned long long)r.finding.param[0], r.finding.what);
}

static void test_returns(void **state)
{
    (void)state;
    caught(run_stays_raised, "DT-D08", 0xC8);
    caught(run_lowers, "DT-I03", 0xC4);
    expect_parameter(run_lowers, 0x31);
    caught(run_keeps_region, "DT-D08", 0xC7);
    expect_parameter(run_keeps_region, 4);
    caught(timer_keeps_region, "DT-D08", 0xC7);
    expect_parameter(timer_keeps_region, 5);
    caught(run_keeps_lock, "DT-L04", 0xC4);
    expect_parameter(run_keeps_lock, 0x40009);
    passes(run_good);
}

/* ---- what it may not touch: DPC-066, DPC-067 ---- */

static KDEFERRED_ROUTINE runs_paged_code, takes_paged_pool, takes_pool;

static VOID runs_paged_code(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    PAGED_CODE();
}

static VOID takes_paged_pool(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    s.memory = ExAllocatePool2(POOL_FLAG_PAGED, 16, TAG);
}

static VOID takes_pool(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    s.memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, TAG);
    ExFreePoolWithTag(s.memory, TAG);
}

static void run_paged_code(void *ctx)
{
    (void)ctx;
    run(runs_paged_code);
}

static void run_paged_pool(void *ctx)
{
    (void)ctx;
    run(takes_paged_pool);
}

static void run_pool(void *ctx)
{
    (void)ctx;
    run(takes_pool);
}

static void test_touches(void **state)
{
    (void)state;
    caught(run_paged_code, "DT-I10", 0xD1);
    caught(run_paged_pool, NULL, 0xC4);
    expect_parameter(run_paged_pool, 1);
    passes(run_pool);
}

/* ---- DPC-070, DPC-071: how long ---- */

static KDEFERRED_ROUTINE stalls;

static VOID stalls(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)b;
    KeStallExecutionProcessor((ULONG)(uintptr_t)a);
    KeStallExecutionProcessor((ULONG)(uintptr_t)a);
}

static void stall(ULONG us)
{
    begin(stalls);
    KeInsertQueueDpc(&s.dpc, (PVOID)(uintptr_t)us, NULL);
}

static void too_long(void *ctx)
{
    (void)ctx;
    stall(60);
}

static void short_enough(void *ctx)
{
    (void)ctx;
    stall(40);
}

static void one_stall(void *ctx)
{
    (void)ctx;
    stall(150);
}

static void test_budget(void **state)
{
    (void)state;
    caught(too_long, "DT-B01", 0);
    caught(one_stall, "DT-B01", 0);
    passes(short_enough);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_object),
        cmocka_unit_test(test_waits),
        cmocka_unit_test(test_returns),
        cmocka_unit_test(test_touches),
        cmocka_unit_test(test_budget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
