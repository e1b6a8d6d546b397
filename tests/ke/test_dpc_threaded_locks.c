/* SPDX-License-Identifier: MIT */
/* What a threaded DPC may do, in both modes: locks, waits, pageable code. TDP-010 .. TDP-018. */
#include "../machine.h"

#define TAG 0x64687454 /* 'Tthd' */

static struct {
    KDPC               threaded, ordinary;
    KEVENT             done;
    KMUTEX             mutex;
    KSPIN_LOCK         lock;
    KLOCK_QUEUE_HANDLE handle;
    LONG               calls, guarded, inside;
} s;

static bool off; /* ThreadDpcEnable = 0 */

static struct dt_config mode(bool threads_off)
{
    struct dt_config cfg = config(2);

    off = cfg.threaded_dpcs_off = threads_off;
    return cfg;
}

static KIRQL level(void)
{
    return off ? DISPATCH_LEVEL : PASSIVE_LEVEL;
}

static void passes_in_both(dt_body *body)
{
    struct dt_config cfg = mode(false);

    passes_with(&cfg, body);
    cfg = mode(true);
    passes_with(&cfg, body);
}

static void always_in_both(dt_body *body, unsigned bound)
{
    struct dt_config cfg = mode(false);

    always_with(&cfg, body, bound);
    cfg = mode(true);
    always_with(&cfg, body, bound);
}

static void begin(PKDEFERRED_ROUTINE routine)
{
    memset(&s, 0, sizeof s);
    KeInitializeThreadedDpc(&s.threaded, routine, NULL);
    KeInitializeEvent(&s.done, NotificationEvent, FALSE);
    KeInitializeMutex(&s.mutex, 0);
    KeInitializeSpinLock(&s.lock);
}

static void run(PKDEFERRED_ROUTINE routine)
{
    begin(routine);
    KeInsertQueueDpc(&s.threaded, NULL, NULL);
    KeFlushQueuedDpcs();
    dt_expect_eq(s.calls, 1);
}

/* ---- locks ---- */

static KDEFERRED_ROUTINE for_dpc, raises;

/* TDP-012, TDP-013, TDP-014. */
static VOID for_dpc(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    KIRQL old = KeAcquireSpinLockForDpc(&s.lock);

    dt_expect_eq(old, level());
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeReleaseSpinLockForDpc(&s.lock, old);
    dt_expect_eq(KeGetCurrentIrql(), level());
    KeAcquireInStackQueuedSpinLockForDpc(&s.lock, &s.handle);
    dt_expect_eq(s.handle.OldIrql, level());
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeReleaseInStackQueuedSpinLockForDpc(&s.handle);
    dt_expect_eq(KeGetCurrentIrql(), level());
    s.calls++;
}

/* TDP-016. */
static VOID raises(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    KIRQL old;

    (void)dpc, (void)context, (void)a, (void)b;
    KeAcquireSpinLock(&s.lock, &old);
    dt_expect_eq(old, level());
    KeReleaseSpinLock(&s.lock, old);
    KeAcquireInStackQueuedSpinLock(&s.lock, &s.handle);
    KeReleaseInStackQueuedSpinLock(&s.handle);
    dt_expect_eq(KeGetCurrentIrql(), level());
    dt_expect_eq(poll(&s.done), STATUS_TIMEOUT); /* a zero time-out is allowed at DISPATCH_LEVEL too */
    s.calls++;
}

static void run_for_dpc(void *ctx)
{
    (void)ctx;
    run(for_dpc);
}

static void run_raises(void *ctx)
{
    (void)ctx;
    run(raises);
}

static void test_locks(void **state)
{
    (void)state;
    passes_in_both(run_for_dpc);
    always_in_both(run_for_dpc, 1);
    passes_in_both(run_raises);
}

/* TDP-017, TDP-018: the converted driver. What the lock guards is never touched by two at once. */
static void guarded(void)
{
    dt_expect_eq(InterlockedIncrement(&s.inside), 1);
    LONG n = s.guarded;

    KeReadStateEvent(&s.done);
    s.guarded = n + 1;
    InterlockedDecrement(&s.inside);
}

static KDEFERRED_ROUTINE converted, unconverted;

static VOID converted(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    KIRQL old = KeAcquireSpinLockForDpc(&s.lock);

    guarded();
    KeReleaseSpinLockForDpc(&s.lock, old);
}

static VOID unconverted(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    KeAcquireSpinLockAtDpcLevel(&s.lock);
    guarded();
    KeReleaseSpinLockFromDpcLevel(&s.lock);
}

static void inserts(void *ctx)
{
    KeInsertQueueDpc(ctx, NULL, NULL);
}

static void both(int ordinary_cpu)
{
    KIRQL irql;

    begin(converted);
    KeInitializeDpc(&s.ordinary, unconverted, NULL);
    KeSetTargetProcessorDpc(&s.ordinary, (CCHAR)ordinary_cpu);
    KeSetImportanceDpc(&s.ordinary, HighImportance);
    dt_spawn(1, inserts, &s.ordinary);
    KeInsertQueueDpc(&s.threaded, NULL, NULL);
    KeAcquireSpinLock(&s.lock, &irql);
    guarded();
    KeReleaseSpinLock(&s.lock, irql);
    dt_join_all();
    KeFlushQueuedDpcs();
    dt_expect_eq(s.guarded, 3);
}

static void both_on_one(void *ctx)
{
    (void)ctx;
    both(0);
}

static void both_on_two(void *ctx)
{
    (void)ctx;
    both(1);
}

static void test_mixed(void **state)
{
    (void)state;
    passes_in_both(both_on_one);
    passes_in_both(both_on_two);
    always_in_both(both_on_one, 1);
    always_in_both(both_on_two, 1);
}

/* ---- misuse ---- */

static void caught_in(bool threads_off, dt_body *body, const char *rule, uint32_t bugcheck)
{
    struct dt_config cfg = mode(threads_off);

    caught_with(&cfg, body, rule, bugcheck);
}

/* TDP-015: the converted driver that was forgotten half-way, whichever level it happens to run at. */
static KDEFERRED_ROUTINE at_dpc, queued_at_dpc, from_dpc, queued_from_dpc;

static VOID at_dpc(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    KeAcquireSpinLockAtDpcLevel(&s.lock);
    KeReleaseSpinLockFromDpcLevel(&s.lock);
    s.calls++;
}

static VOID queued_at_dpc(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    KeAcquireInStackQueuedSpinLockAtDpcLevel(&s.lock, &s.handle);
    KeReleaseInStackQueuedSpinLockFromDpcLevel(&s.handle);
    s.calls++;
}

static VOID from_dpc(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    KIRQL old = KeAcquireSpinLockForDpc(&s.lock);

    KeReleaseSpinLockFromDpcLevel(&s.lock);
    KeLowerIrql(old);
}

static VOID queued_from_dpc(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    KeAcquireInStackQueuedSpinLockForDpc(&s.lock, &s.handle);
    KeReleaseInStackQueuedSpinLockFromDpcLevel(&s.handle);
    KeLowerIrql(s.handle.OldIrql);
}

static void run_at_dpc(void *ctx)
{
    (void)ctx;
    run(at_dpc);
}

static void run_queued_at_dpc(void *ctx)
{
    (void)ctx;
    run(queued_at_dpc);
}

static void run_from_dpc(void *ctx)
{
    (void)ctx;
    run(from_dpc);
}

static void run_queued_from_dpc(void *ctx)
{
    (void)ctx;
    run(queued_from_dpc);
}

static void test_at_dpc_level(void **state)
{
    (void)state;
    caught_in(false, run_at_dpc, NULL, 0xC4);
    caught_in(true, run_at_dpc, "DT-D13", 0xC4);
    caught_in(false, run_queued_at_dpc, NULL, 0xC4);
    caught_in(true, run_queued_at_dpc, "DT-D13", 0xC4);
    caught_in(false, run_from_dpc, "DT-D13", 0xC4);
    caught_in(true, run_from_dpc, "DT-D13", 0xC4);
    caught_in(false, run_queued_from_dpc, "DT-D13", 0xC4);
    caught_in(true, run_queued_from_dpc, "DT-D13", 0xC4);
}

/* TDP-010. */
static KDEFERRED_ROUTINE waits, waits_for_mutex, delays;

static VOID waits(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    wait_ms(&s.done, 1);
}

static VOID waits_for_mutex(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    KeWaitForMutexObject(&s.mutex, Executive, KernelMode, FALSE, NULL);
    KeReleaseMutex(&s.mutex, FALSE);
}

static VOID delays(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    sleep_ms(1);
}

static void run_waits(void *ctx)
{
    (void)ctx;
    run(waits);
}

static void run_waits_for_mutex(void *ctx)
{
    (void)ctx;
    run(waits_for_mutex);
}

static void run_delays(void *ctx)
{
    (void)ctx;
    run(delays);
}

static void test_waits(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        caught_in(i, run_waits, "DT-D06", 0xB8);
        caught_in(i, run_waits_for_mutex, "DT-D06", 0xB8);
    }
    caught_in(false, run_delays, "DT-D06", 0xB8);
    caught_in(true, run_delays, "DT-I01", 0xC4);
}

/* TDP-011. */
static KDEFERRED_ROUTINE pageable, passive_only, paged_pool;

static VOID pageable(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    PAGED_CODE();
}

static VOID passive_only(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    ExAllocateTimer(NULL, NULL, 0);
    KeFlushQueuedDpcs();
}

static VOID paged_pool(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    ExFreePoolWithTag(ExAllocatePool2(POOL_FLAG_PAGED, 16, TAG), TAG);
}

static void run_pageable(void *ctx)
{
    (void)ctx;
    run(pageable);
}

static void run_passive_only(void *ctx)
{
    (void)ctx;
    run(passive_only);
}

static void run_paged_pool(void *ctx)
{
    (void)ctx;
    run(paged_pool);
}

static void test_restrictions(void **state)
{
    (void)state;
    caught_in(false, run_pageable, "DT-I10", 0xD1);
    caught_in(true, run_pageable, "DT-I10", 0xD1);
    caught_in(false, run_passive_only, "DT-D06", 0xB8);
    caught_in(true, run_passive_only, "DT-I01", 0x0A);
    caught_in(true, run_paged_pool, NULL, 0xC4);
    caught_in(false, run_paged_pool, NULL, 0xC4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_locks),
        cmocka_unit_test(test_mixed),
        cmocka_unit_test(test_at_dpc_level),
        cmocka_unit_test(test_waits),
        cmocka_unit_test(test_restrictions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
