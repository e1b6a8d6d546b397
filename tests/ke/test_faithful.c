/* SPDX-License-Identifier: MIT */
/*
 * Strict and faithful: twins of one driver's mistake. Strict (the default), Driver Verifier's bug check or a rule of Duetime's
 * stops it; faithful, Windows alone tolerates it and it goes on, or Windows has a bug check of its own.
 */
#include "../machine.h"

static struct dt_config faithful(void)
{
    struct dt_config cfg = config(2);

    cfg.faithful = true;
    return cfg;
}

/* p1: of 0xC4, which is what strict mode gives when it is not 0; else it is the rule. */
static void tolerated(dt_body *body, const char *rule, uint64_t p1)
{
    struct dt_config cfg = faithful();

    if (p1)
        caught_params(body, rule, 0xC4, p1, ANY_PARAM);
    else
        caught(body, rule, ANY_CODE);
    passes_with(&cfg, body);
}

static void another_code(dt_body *body, const char *rule, uint64_t p1, const char *plain_rule, uint32_t plain)
{
    struct dt_config cfg = faithful();

    caught_params(body, rule, 0xC4, p1, ANY_PARAM);
    caught_with(&cfg, body, plain_rule, plain);
}

/* ---- APCs, IRQL ---- */

/* LCK-037, LCK-083: nothing but Driver Verifier minds a resource with normal kernel APCs enabled. */
static void resource_with_apcs(void *ctx)
{
    static ERESOURCE r;

    (void)ctx;
    ExInitializeResourceLite(&r);
    ExAcquireResourceExclusiveLite(&r, TRUE);
    dt_expect(ExIsResourceAcquiredExclusiveLite(&r));
    ExReleaseResourceLite(&r);
    ExDeleteResourceLite(&r);
}

/* LCK-050 */
static void push_lock_with_apcs(void *ctx)
{
    static EX_PUSH_LOCK lock;

    (void)ctx;
    ExInitializePushLock(&lock);
    ExAcquirePushLockExclusive(&lock);
    ExReleasePushLockExclusive(&lock);
}

/* LCK-011 */
static void unsafe_with_apcs(void *ctx)
{
    static FAST_MUTEX m;

    (void)ctx;
    ExInitializeFastMutex(&m);
    ExAcquireFastMutexUnsafe(&m);
    dt_expect(m.Owner == KeGetCurrentThread());
    ExReleaseFastMutexUnsafe(&m);
    dt_expect_eq(m.Count, 1);
}

/* SPL-009, SPL-010: a lock is a lock, at PASSIVE_LEVEL too, while nothing comes in between. */
static void spin_lock_below(void *ctx)
{
    static KSPIN_LOCK lock;

    (void)ctx;
    KeInitializeSpinLock(&lock);
    KeAcquireSpinLockAtDpcLevel(&lock);
    dt_expect(!KeTestSpinLock(&lock) && KeGetCurrentIrql() == PASSIVE_LEVEL);
    KeReleaseSpinLockFromDpcLevel(&lock);
    dt_expect(KeTestSpinLock(&lock));
}

/* WAI-059: Windows counts on; the count is looked at when the thread returns to user mode, which this one does not. */
static void left_unentered(void *ctx)
{
    (void)ctx;
    KeLeaveCriticalRegion();
    dt_expect(KeAreApcsDisabled());
    KeEnterCriticalRegion();
    dt_expect(!KeAreApcsDisabled());
}

/* KTM-003, WAI-057, WAI-058: what touches only its object or the thread works at any level. */
static void timer_init_high(void *ctx)
{
    static KTIMER t;
    KIRQL         irql;

    (void)ctx;
    KeRaiseIrql(HIGH_LEVEL, &irql);
    KeInitializeTimerEx(&t, SynchronizationTimer);
    dt_expect(t.Header.Type == 9 && !KeReadStateTimer(&t));
    dt_expect_eq(KeGetCurrentIrql(), HIGH_LEVEL);
    KeLowerIrql(irql);
}

static void apc_state_high(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    KeRaiseIrql(HIGH_LEVEL, &irql);
    dt_expect(!KeAreApcsDisabled() && KeAreAllApcsDisabled());
    KeEnterCriticalRegion();
    KeEnterGuardedRegion();
    dt_expect(KeAreApcsDisabled());
    KeLowerIrql(irql);
    dt_expect(KeAreApcsDisabled() && KeAreAllApcsDisabled());
    KeLeaveCriticalRegion();
    dt_expect(KeAreApcsDisabled()); /* by the guarded region */
    KeLeaveGuardedRegion();
    dt_expect(!KeAreApcsDisabled() && !KeAreAllApcsDisabled());
}

static void ends_at_once(void *ctx)
{
    dt_expect(ctx == &ends_at_once);
}

/* THR-002: what a routine for PASSIVE_LEVEL touches can be paged in at APC_LEVEL. */
static void thread_from_apc_level(void *ctx)
{
    HANDLE handle;
    PVOID  thread;
    KIRQL  irql;

    (void)ctx;
    KeRaiseIrql(APC_LEVEL, &irql);
    dt_expect_eq(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, ends_at_once, (PVOID)&ends_at_once),
        STATUS_SUCCESS);
    dt_expect_eq(
        ObReferenceObjectByHandle(handle, SYNCHRONIZE, *PsThreadType, KernelMode, &thread, NULL), STATUS_SUCCESS);
    dt_expect_eq(ZwClose(handle), STATUS_SUCCESS);
    wait_for(thread);
    KeLowerIrql(irql);
    ObDereferenceObject(thread);
}

/* EVT-018: after Wait = TRUE no wait follows. IRQL stays up: the next wait would bring it down, or the driver does. */
static void no_wait_follows(void *ctx)
{
    static KEVENT e, other;

    (void)ctx;
    KeInitializeEvent(&e, NotificationEvent, FALSE);
    KeInitializeEvent(&other, NotificationEvent, FALSE);
    KeSetEvent(&e, IO_NO_INCREMENT, TRUE);
    KeSetEvent(&other, IO_NO_INCREMENT, FALSE);
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    dt_expect_eq(poll(&other), STATUS_SUCCESS);
    dt_expect_eq(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

static void test_apcs(void **state)
{
    (void)state;
    tolerated(resource_with_apcs, "DT-L15", 0x37);
    tolerated(push_lock_with_apcs, "DT-L15", 0xEA);
    tolerated(unsafe_with_apcs, "DT-L16", 0x39);
    tolerated(spin_lock_below, "DT-I02", 0x40);
    tolerated(left_unentered, "DT-W15", 0x3E);
    tolerated(no_wait_follows, "DT-W05", 0);
    tolerated(timer_init_high, "DT-I01", 0x20011);
    tolerated(apc_state_high, "DT-I01", 0);
    tolerated(thread_from_apc_level, "DT-I01", 0x2001C);
}

/* ---- owners, storage, leaks ---- */

static FAST_MUTEX mutex;

static void release_it(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    KeRaiseIrql(APC_LEVEL, &irql);
    ExReleaseFastMutex(&mutex);
    dt_expect_eq(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

/* LCK-009: Windows does not ask who releases. */
static void released_by_another(void *ctx)
{
    (void)ctx;
    ExInitializeFastMutex(&mutex);
    ExAcquireFastMutex(&mutex);
    dt_join(dt_spawn(1, release_it, NULL));
    dt_expect(mutex.Count == 1 && !mutex.Owner);
    KeLowerIrql(PASSIVE_LEVEL);
}

/* LCK-035: an assertion of checked systems. A shared owner gets what it has. */
static void converted_by_shared_owner(void *ctx)
{
    static ERESOURCE r;

    (void)ctx;
    ExInitializeResourceLite(&r);
    KeEnterCriticalRegion();
    ExAcquireResourceSharedLite(&r, TRUE);
    ExAcquireResourceSharedLite(&r, TRUE);
    ExConvertExclusiveToSharedLite(&r);
    dt_expect(ExIsResourceAcquiredSharedLite(&r) == 2 && !ExIsResourceAcquiredExclusiveLite(&r));
    ExReleaseResourceLite(&r);
    ExReleaseResourceLite(&r);
    KeLeaveCriticalRegion();
    ExDeleteResourceLite(&r);
}

static void converted_by_nobody(void *ctx)
{
    static ERESOURCE r;

    (void)ctx;
    ExInitializeResourceLite(&r);
    KeEnterCriticalRegion();
    ExConvertExclusiveToSharedLite(&r);
}

/* LCK-075, LCK-077 */
static void remove_lock_tags(void *ctx)
{
    static IO_REMOVE_LOCK lock;

    (void)ctx;
    IoInitializeRemoveLock(&lock, 'kcoL', 0, 0);
    dt_expect_eq(IoAcquireRemoveLock(&lock, &lock), STATUS_SUCCESS);
    IoReleaseRemoveLock(&lock, NULL);
    dt_expect_eq(IoAcquireRemoveLock(&lock, &lock), STATUS_SUCCESS);
    IoReleaseRemoveLockAndWait(&lock, &lock);
}

/* EVT-034: resident for as long as nobody pages it out. */
static void paged_event(void *ctx)
{
    PKEVENT e = ExAllocatePoolWithTag(PagedPool, sizeof *e, 'tnvE');

    (void)ctx;
    KeInitializeEvent(e, NotificationEvent, TRUE);
    dt_expect_eq(poll(e), STATUS_SUCCESS);
    ExFreePoolWithTag(e, 'tnvE');
}

/* DPC-067 */
static void paged_pool_high(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    PVOID p = ExAllocatePoolWithTag(PagedPool, 16, 'hgiH');

    KeLowerIrql(irql);
    dt_expect(p != NULL);
    ExFreePoolWithTag(p, 'hgiH');
}

/* SEM-002: an assertion of checked systems. */
static void semaphore_over_limit(void *ctx)
{
    static KSEMAPHORE s;

    (void)ctx;
    KeInitializeSemaphore(&s, 3, 2);
    dt_expect_eq(KeReadStateSemaphore(&s), 3);
}

/* EVT-030: advice. */
static void pulses(void *ctx)
{
    static KEVENT e;

    (void)ctx;
    KeInitializeEvent(&e, NotificationEvent, TRUE);
    dt_expect_eq(KePulseEvent(&e, IO_NO_INCREMENT, FALSE), 1);
}

/* EXT-037: nobody ever finds out. */
static void leaks_a_timer(void *ctx)
{
    (void)ctx;
    dt_expect(ExAllocateTimer(NULL, NULL, 0) != NULL);
}

static void test_storage(void **state)
{
    (void)state;
    tolerated(released_by_another, "DT-L03", 0x1004);
    tolerated(converted_by_shared_owner, "DT-L15", 0);
    tolerated(remove_lock_tags, "DT-L15", 0xD5);
    tolerated(paged_event, "DT-I10", 0xE1);
    tolerated(paged_pool_high, "DT-I10", 1);
    tolerated(semaphore_over_limit, "DT-W08", 0);
    tolerated(pulses, "DT-W12", 0);
    tolerated(leaks_a_timer, "DT-T18", 0);
}

/* ---- timers, IRPs ---- */

static KDEFERRED_ROUTINE on_timer;

static VOID on_timer(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)a, (void)b;
    InterlockedIncrement(context);
}

/* KTM-008: the timer comes due all the same, with its DPC, as what it was initialized to last. */
static void timer_again(void *ctx)
{
    static KTIMER t;
    KDPC          dpc;
    LONG          runs = 0;

    (void)ctx;
    KeInitializeDpc(&dpc, on_timer, &runs);
    KeInitializeTimer(&t);
    KeSetTimerEx(&t, in_ms(5), 20, &dpc);
    wait_for(&t);
    dt_expect(KeReadStateTimer(&t));
    KeInitializeTimerEx(&t, SynchronizationTimer);
    dt_expect_eq(poll(&t), STATUS_TIMEOUT);
    wait_for(&t);
    dt_expect_eq(poll(&t), STATUS_TIMEOUT);
    sleep_ms(30);
    KeFlushQueuedDpcs();
    dt_expect_eq(runs, 2);
    dt_expect(!KeCancelTimer(&t));
    KeSetTimer(&t, in_ms(1), &dpc);
    wait_for(&t);
    KeFlushQueuedDpcs();
    dt_expect_eq(runs, 3);
}

/* Who waited for it before is on a list that is no more: the end of the wait finds it corrupt. */
static void waits_for_old(void *ctx)
{
    dt_expect_eq(wait_ms(ctx, 100), STATUS_TIMEOUT);
}

static void timer_again_with_waiter(void *ctx)
{
    static KTIMER t;

    (void)ctx;
    KeInitializeTimer(&t);
    KeSetTimer(&t, in_ms(40), NULL);
    dt_spawn(DT_ANY_PROCESSOR, waits_for_old, &t);
    sleep_ms(10);
    KeInitializeTimer(&t);
    wait_for(&t);
    dt_join_all();
}

/* What is no timer, but looks as if it were set: nothing that is in the memory counts. */
static void timer_in_garbage(void *ctx)
{
    static KTIMER t, other;

    (void)ctx;
    KeInitializeTimer(&other);
    KeSetTimer(&other, in_ms(5), NULL);
    memset(&t, 0xFF, sizeof t);
    KeInitializeTimer(&t);
    KeSetTimer(&t, in_ms(1), NULL);
    wait_for(&t);
    wait_for(&other);
}

static void test_timers(void **state)
{
    struct dt_config cfg = faithful();

    (void)state;
    if (simulated()) { /* in real time the kernel looks at the timer while it is initialized */
        tolerated(timer_again, "DT-T02", 0);
        caught(timer_again_with_waiter, "DT-T02", ANY_CODE);
        caught_with(&cfg, timer_again_with_waiter, NULL, 0x139);
    }
    passes_with(&cfg, timer_in_garbage);
}

/* ---- Windows has a code of its own, or simply hangs ---- */

/* IRQ-008 */
static void raises_down(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeRaiseIrql(APC_LEVEL, &irql);
}

/* IRQ-013 */
static void lowers_up(void *ctx)
{
    (void)ctx;
    KeLowerIrql(APC_LEVEL);
}

/* WAI-039, WAI-040 */
static void waits_high(void *ctx)
{
    static KEVENT e;
    KIRQL         irql;

    (void)ctx;
    KeInitializeEvent(&e, NotificationEvent, FALSE);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    wait_for(&e);
}

/* LCK-007: the second acquire never returns. On the real-time machine nobody sees that. */
static void recursive(void *ctx)
{
    (void)ctx;
    ExInitializeFastMutex(&mutex);
    ExAcquireFastMutex(&mutex);
    ExAcquireFastMutex(&mutex);
}

/* THR-002: not tolerated, but not Driver Verifier's business either. */
static void thread_from_high(void *ctx)
{
    HANDLE thread;
    KIRQL  irql;

    (void)ctx;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, recursive, NULL);
}

static void test_other_codes(void **state)
{
    (void)state;
    another_code(raises_down, "DT-I03", 0x30, NULL, 0x09);
    another_code(lowers_up, "DT-I03", 0x31, NULL, 0x0A);
    another_code(waits_high, "DT-W01", 0x121, "DT-W01", 0x0A);
    another_code(thread_from_high, "DT-I01", 0x2001C, "DT-I01", 0x0A);
    if (simulated())
        another_code(recursive, "DT-L01", 0x1000, "DT-L17", 0);
}

/* Whatever the mode: bug checks of Windows itself, failed expectations, deadlocks. EXT-029, KTM-012. */
static void bad_attributes(void *ctx)
{
    (void)ctx;
    ExAllocateTimer(NULL, NULL, EX_TIMER_HIGH_RESOLUTION | EX_TIMER_NO_WAKE);
}

static void zeroed_timer(void *ctx)
{
    static KTIMER t;

    (void)ctx;
    memset(&t, 0, sizeof t);
    KeSetTimer(&t, in_ms(1), NULL);
}

static void expects_too_much(void *ctx)
{
    (void)ctx;
    dt_expect(1 == 2);
}

static void test_never_tolerated(void **state)
{
    struct dt_config cfg = faithful();

    (void)state;
    caught_with(&cfg, bad_attributes, "DT-T14", 0xC7);
    caught_with(&cfg, zeroed_timer, "DT-T01", 0xC7);
    caught_with(&cfg, converted_by_nobody, "DT-L15", 0xE3);
    caught_with(&cfg, expects_too_much, "DT-X05", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_apcs),
        cmocka_unit_test(test_storage),
        cmocka_unit_test(test_timers),
        cmocka_unit_test(test_other_codes),
        cmocka_unit_test(test_never_tolerated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
