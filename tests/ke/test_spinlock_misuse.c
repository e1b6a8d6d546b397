/* SPDX-License-Identifier: MIT */
/* KSPIN_LOCK misused, each beside what is right. SPL-003, SPL-006 .. SPL-012, SPL-014, SPL-019 .. SPL-033, SPL-063. */
#include "../machine.h"

#define TAG 0x6b636f4c /* 'Lock' */

static struct {
    KSPIN_LOCK    a, b;
    KDPC          dpc;
    KEVENT        done;
    volatile LONG flag[2];
} s;

static void begin(void)
{
    memset(&s, 0, sizeof s);
    KeInitializeSpinLock(&s.a);
    KeInitializeSpinLock(&s.b);
    KeInitializeEvent(&s.done, NotificationEvent, FALSE);
}

#define BEGIN          \
    KIRQL irql, inner; \
    (void)ctx;         \
    (void)irql;        \
    (void)inner;       \
    begin()

/* ---- levels: 0xC4 with Driver Verifier's codes ---- */

/* SPL-006 */
static void acquire_above_dispatch(void *ctx)
{
    BEGIN;

    KeRaiseIrql(5, &irql);
    KeAcquireSpinLock(&s.a, &inner);
}

/* SPL-006, the twin */
static void acquire_at_dispatch(void *ctx)
{
    BEGIN;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeAcquireSpinLock(&s.a, &inner);
    KeReleaseSpinLock(&s.a, inner);
    KeLowerIrql(irql);
}

/* SPL-007: released twice */
static void release_at_passive(void *ctx)
{
    BEGIN;

    KeAcquireSpinLock(&s.a, &irql);
    KeReleaseSpinLock(&s.a, irql);
    KeReleaseSpinLock(&s.a, irql);
}

/* SPL-009 */
static void at_dpc_level_at_passive(void *ctx)
{
    BEGIN;

    KeAcquireSpinLockAtDpcLevel(&s.a);
}

/* SPL-010 */
static void from_dpc_level_at_passive(void *ctx)
{
    BEGIN;

    KeReleaseSpinLockFromDpcLevel(&s.a);
}

/* SPL-014 */
static void try_at_passive(void *ctx)
{
    BEGIN;

    dt_expect(KeTryToAcquireSpinLockAtDpcLevel(&s.a));
}

/* SPL-008 */
static void release_with_another_level(void *ctx)
{
    BEGIN;

    KeAcquireSpinLock(&s.a, &irql);
    KeReleaseSpinLock(&s.a, APC_LEVEL);
}

/* SPL-008, IRQ-013 */
static void release_above(void *ctx)
{
    BEGIN;

    KeAcquireSpinLock(&s.a, &irql);
    KeReleaseSpinLock(&s.a, HIGH_LEVEL);
}

/* SPL-003 */
static void one_oldirql_for_two(void *ctx)
{
    BEGIN;

    KeAcquireSpinLock(&s.a, &irql);
    KeAcquireSpinLock(&s.b, &irql);
    KeReleaseSpinLock(&s.b, irql);
    KeReleaseSpinLock(&s.a, irql);
}

static void an_oldirql_each(void *ctx)
{
    BEGIN;
    KeAcquireSpinLock(&s.a, &irql);
    KeAcquireSpinLock(&s.b, &inner);
    KeReleaseSpinLock(&s.b, inner);
    KeReleaseSpinLock(&s.a, irql);
}

static void test_levels(void **state)
{
    (void)state;
    caught(acquire_above_dispatch, "DT-I01", 0xC4);
    caught(release_at_passive, "DT-I02", 0xC4);
    caught(at_dpc_level_at_passive, "DT-I02", 0xC4);
    caught(from_dpc_level_at_passive, "DT-I02", 0xC4);
    caught(try_at_passive, "DT-I02", 0xC4);
    caught(release_with_another_level, "DT-I04", 0xC4);
}

static void test_restored_levels(void **state)
{
    (void)state;
    caught(release_above, "DT-I03", 0xC4);
    caught(one_oldirql_for_two, "DT-I04", 0xC4);
    passes(an_oldirql_each);
    passes(acquire_at_dispatch);
}

/* The codes themselves. */
static void assert_code(dt_body *body, uint64_t code)
{
    struct dt_config cfg = config(2);
    struct dt_result r = {0};

    if (!simulated())
        return;
    assert_int_equal(dt_run(&cfg, body, NULL, &r), 0);
    assert_int_equal(r.finding.bugcheck, 0xC4);
    assert_int_equal(r.finding.param[0], code);
}

static void test_codes(void **state)
{
    (void)state;
    assert_code(acquire_above_dispatch, 0x42);
    assert_code(release_at_passive, 0x32);
    assert_code(at_dpc_level_at_passive, 0x40);
    assert_code(from_dpc_level_at_passive, 0x41);
    assert_code(try_at_passive, 0x20003);
    assert_code(release_above, 0x31);
    assert_code(one_oldirql_for_two, 0x20015);
}

/* ---- pairs ---- */

/* SPL-011 */
static void raised_and_not_restored(void *ctx)
{
    BEGIN;

    KeAcquireSpinLock(&s.a, &irql);
    KeReleaseSpinLockFromDpcLevel(&s.a);
}

/* SPL-012 */
static void restored_and_not_raised(void *ctx)
{
    BEGIN;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeAcquireSpinLockAtDpcLevel(&s.a);
    KeReleaseSpinLock(&s.a, irql);
}

/* the twin of both */
static void neither(void *ctx)
{
    BEGIN;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeAcquireSpinLockAtDpcLevel(&s.a);
    KeReleaseSpinLockFromDpcLevel(&s.a);
    KeLowerIrql(irql);
}

static void test_pairs(void **state)
{
    (void)state;
    caught(raised_and_not_restored, "DT-L09", 0xC4);
    caught(restored_and_not_raised, "DT-L09", 0xC4);
    passes(neither);
}

/* ---- ownership ---- */

/* SPL-019 */
static void recursive(void *ctx)
{
    BEGIN;

    KeAcquireSpinLock(&s.a, &irql);
    KeAcquireSpinLock(&s.a, &inner);
}

static KDEFERRED_ROUTINE wants_it;

static VOID wants_it(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    KeAcquireSpinLockAtDpcLevel(&s.a);
    KeReleaseSpinLockFromDpcLevel(&s.a);
}

/* SPL-020: IRQL was lowered with the lock held, a DPC came in. Without the verifier, which stops the lowering. */
static void recursive_in_a_dpc(void *ctx)
{
    BEGIN;

    KeInitializeDpc(&s.dpc, wants_it, NULL);
    KeSetTargetProcessorDpc(&s.dpc, 0);
    KeAcquireSpinLock(&s.a, &irql);
    KeLowerIrql(irql);
    KeInsertQueueDpc(&s.dpc, NULL, NULL);
}

/* SPL-026 */
static void lowered_while_held(void *ctx)
{
    BEGIN;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeAcquireSpinLockAtDpcLevel(&s.a);
    KeLowerIrql(irql);
}

/* SPL-021 */
static void release_of_a_free_lock(void *ctx)
{
    BEGIN;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeReleaseSpinLock(&s.a, irql);
}

static void releases(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeReleaseSpinLock(&s.a, irql);
}

/* SPL-022 */
static void release_elsewhere(void *ctx)
{
    BEGIN;

    KeAcquireSpinLock(&s.a, &irql);
    dt_spawn(1, releases, NULL);
    for (int i = 0; i < 1000 || !simulated(); i++)
        YieldProcessor();
}

static void test_ownership(void **state)
{
    struct dt_config plain = config(2);

    (void)state;
    plain.faithful = true;
    caught(recursive, "DT-L01", 0x0F);
    caught_with(&plain, recursive_in_a_dpc, "DT-L01", 0x0F);
    caught(recursive_in_a_dpc, "DT-L12", 0xC4);
    caught(lowered_while_held, "DT-L12", 0xC4);
    caught(release_of_a_free_lock, "DT-L02", 0x10);
    caught_with(&plain, release_of_a_free_lock, "DT-L02", 0x10);
    if (simulated())
        caught(release_elsewhere, "DT-L03", 0xC4);
}

/* ---- initialization and memory: SPL-023, SPL-032 ---- */

static void uninitialised(void *ctx)
{
    BEGIN;

    static KSPIN_LOCK nobodys;

    nobodys = 0;
    KeAcquireSpinLock(&nobodys, &irql);
    KeReleaseSpinLock(&nobodys, irql);
}

static void initialised_while_held(void *ctx)
{
    BEGIN;
    KeAcquireSpinLock(&s.a, &irql);
    KeInitializeSpinLock(&s.a);
}

static void freed_while_held(void *ctx)
{
    BEGIN;

    KSPIN_LOCK *lock = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof *lock, TAG);

    KeInitializeSpinLock(lock);
    KeAcquireSpinLock(lock, &irql);
    ExFreePoolWithTag(lock, TAG);
}

static void born_again_in_new_memory(void *ctx)
{
    BEGIN;

    for (int i = 0; i < 3; i++) {
        KSPIN_LOCK *lock = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof *lock, TAG), on_stack;

        KeInitializeSpinLock(lock);
        KeInitializeSpinLock(&on_stack);
        KeAcquireSpinLock(lock, &irql);
        KeReleaseSpinLock(lock, irql);
        ExFreePoolWithTag(lock, TAG);
    }
}

static void pageable(void *ctx)
{
    BEGIN;

    KSPIN_LOCK *lock = ExAllocatePoolWithTag(PagedPool, sizeof *lock, TAG);

    KeInitializeSpinLock(lock);
}

static void test_memory(void **state)
{
    (void)state;
    caught(uninitialised, "DT-L10", 0xC4);
    caught(initialised_while_held, "DT-L10", 0xC4);
    caught(freed_while_held, "DT-L11", 0xC4);
    passes(born_again_in_new_memory);
    caught(pageable, NULL, 0xC4);
}

/* ---- what a holder may not do: SPL-027, SPL-028, SPL-031 ---- */

static void waits(void *ctx)
{
    BEGIN;

    KeAcquireSpinLock(&s.a, &irql);
    wait_ms(&s.done, 1);
}

static void pages(void *ctx)
{
    BEGIN;
    KeAcquireSpinLock(&s.a, &irql);
    PAGED_CODE();
}

static void polls(void *ctx)
{
    BEGIN;
    KeAcquireSpinLock(&s.a, &irql);
    poll(&s.done);
    KeReleaseSpinLock(&s.a, irql);
    PAGED_CODE();
}

static void holds_for_long(void *ctx)
{
    BEGIN;
    KeAcquireSpinLock(&s.a, &irql);
    KeStallExecutionProcessor(26);
    KeReleaseSpinLock(&s.a, irql);
}

static void holds_briefly(void *ctx)
{
    BEGIN;
    KeAcquireSpinLock(&s.a, &irql);
    KeStallExecutionProcessor(25);
    KeReleaseSpinLock(&s.a, irql);
    KeStallExecutionProcessor(100);
}

static KSTART_ROUTINE keeps_it;

static VOID keeps_it(PVOID context)
{
    KIRQL irql;

    (void)context;
    KeAcquireSpinLock(&s.a, &irql);
}

static void thread_keeps_it(void *ctx)
{
    BEGIN;

    HANDLE h;

    PsCreateSystemThread(&h, THREAD_ALL_ACCESS, NULL, NULL, NULL, keeps_it, NULL);
    until_caught();
}

static void test_holder(void **state)
{
    (void)state;
    caught(waits, "DT-W01", 0xC4);
    caught(pages, "DT-I10", 0xD1);
    passes(polls);
    caught(holds_for_long, "DT-B02", 0);
    passes(holds_briefly);
    caught(thread_keeps_it, "DT-L04", 0xC4);
}

/* SPL-033. */
static void at_device_level(void *ctx)
{
    BEGIN;

    KeRaiseIrql(5, &irql);
    KeAcquireSpinLockAtDpcLevel(&s.a);
    KeReleaseSpinLockFromDpcLevel(&s.a);
    KeLowerIrql(irql);
}

static void at_both_levels(void *ctx)
{
    BEGIN;
    KeAcquireSpinLock(&s.a, &irql);
    KeReleaseSpinLock(&s.a, irql);
    KeRaiseIrql(5, &irql);
    KeAcquireSpinLockAtDpcLevel(&s.a);
}

/* SPL-063. */
extern KIRQL KeAcquireQueuedSpinLock(ULONG Number);

static void by_number(void *ctx)
{
    BEGIN;

    KeAcquireQueuedSpinLock(1);
}

static void test_reserved(void **state)
{
    (void)state;
    caught(at_device_level, "DT-L07", 0);
    caught(at_both_levels, "DT-L07", 0);
    caught(by_number, "DT-ABSENT", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_restored_levels),
        cmocka_unit_test(test_codes),
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_ownership),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_holder),
        cmocka_unit_test(test_reserved),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
