/* SPDX-License-Identifier: MIT */
/* Rundown protection, plain and cache-aware. */
#include "exlock.h"

static struct {
    EX_RUNDOWN_REF              ref;
    PEX_RUNDOWN_REF_CACHE_AWARE ca;
    KEVENT                      go, got;
    LONG                        inside, waited, gone, entered;
    KDPC                        dpc;
} s;

static bool both_inside;

static void begin(void)
{
    memset(&s, 0, sizeof s);
    KeInitializeEvent(&s.go, NotificationEvent, FALSE);
    KeInitializeEvent(&s.got, NotificationEvent, FALSE);
    ExInitializeRundownProtection(&s.ref);
    s.ca = ExAllocateCacheAwareRundownProtection(NonPagedPoolNx, 'tseT');
    dt_expect(s.ca != NULL);
}

static void end(void)
{
    ExFreeCacheAwareRundownProtection(s.ca);
}

/* ---- one thread ---- */

/* LCK-055, LCK-056, LCK-058, LCK-060, LCK-064, LCK-070 */
static void life(void *ctx)
{
    (void)ctx;
    begin();
    dt_expect_eq(s.ref.Count, 0);
    dt_expect(ExAcquireRundownProtection(&s.ref));
    dt_expect(ExAcquireRundownProtection(&s.ref)); /* recursively */
    ExReleaseRundownProtection(&s.ref);
    ExReleaseRundownProtection(&s.ref);
    ExWaitForRundownProtectionRelease(&s.ref);
    dt_expect(!ExAcquireRundownProtection(&s.ref));
    ExWaitForRundownProtectionRelease(&s.ref); /* LCK-058: at once */
    ExRundownCompleted(&s.ref);
    dt_expect(!ExAcquireRundownProtection(&s.ref));
    ExWaitForRundownProtectionRelease(&s.ref); /* LCK-060: at once */
    ExReInitializeRundownProtection(&s.ref);
    dt_expect(ExAcquireRundownProtection(&s.ref));
    ExReleaseRundownProtection(&s.ref);
    ExWaitForRundownProtectionRelease(&s.ref);
    ExReInitializeRundownProtection(&s.ref); /* LCK-070: without ExRundownCompleted in between */
    dt_expect(ExAcquireRundownProtection(&s.ref));
    ExReleaseRundownProtection(&s.ref);
    end();
}

/* LCK-059 */
static void counts(void *ctx)
{
    (void)ctx;
    begin();
    dt_expect(ExAcquireRundownProtectionEx(&s.ref, 5));
    dt_expect(ExAcquireRundownProtection(&s.ref));
    ExReleaseRundownProtectionEx(&s.ref, 3);
    ExReleaseRundownProtection(&s.ref);
    ExReleaseRundownProtectionEx(&s.ref, 2);
    ExWaitForRundownProtectionRelease(&s.ref);
    dt_expect(!ExAcquireRundownProtectionEx(&s.ref, 4)); /* and takes none: */
    ExReInitializeRundownProtection(&s.ref);
    ExWaitForRundownProtectionRelease(&s.ref);
    end();
}

/* LCK-067, LCK-084, LCK-085 */
static void cache_aware(void *ctx)
{
    (void)ctx;
    begin();
    dt_expect(ExAcquireRundownProtectionCacheAware(s.ca));
    dt_expect(ExAcquireRundownProtectionCacheAwareEx(s.ca, 4));
    ExReleaseRundownProtectionCacheAwareEx(s.ca, 2);
    ExReleaseRundownProtectionCacheAware(s.ca);
    ExReleaseRundownProtectionCacheAwareEx(s.ca, 2);
    ExWaitForRundownProtectionReleaseCacheAware(s.ca);
    dt_expect(!ExAcquireRundownProtectionCacheAware(s.ca));
    dt_expect(!ExAcquireRundownProtectionCacheAwareEx(s.ca, 3));
    ExWaitForRundownProtectionReleaseCacheAware(s.ca);
    ExRundownCompletedCacheAware(s.ca);
    dt_expect(!ExAcquireRundownProtectionCacheAware(s.ca));
    ExReInitializeRundownProtectionCacheAware(s.ca);
    dt_expect(ExAcquireRundownProtectionCacheAware(s.ca));
    ExReleaseRundownProtectionCacheAware(s.ca);
    end();
}

static void waits_ca(void *ctx)
{
    (void)ctx;
    ExWaitForRundownProtectionReleaseCacheAware(s.ca);
    InterlockedIncrement(&s.gone);
}

/* LCK-085: what was out when the wait began, and came back in it, does not count in the next life. */
static void reused_after_waiting(void *ctx)
{
    (void)ctx;
    for (unsigned life = 0; life < 3; life++) {
        begin();
        for (unsigned turn = 0; turn < 2; turn++) {
            dt_expect(ExAcquireRundownProtectionCacheAwareEx(s.ca, life + 1));
            dt_thread *waiter = dt_spawn(1, waits_ca, NULL);

            while (ExAcquireRundownProtectionCacheAware(s.ca)) {
                ExReleaseRundownProtectionCacheAware(s.ca);
                sleep_ms(1);
            }
            dt_expect_eq(s.gone, (LONG)turn);
            ExReleaseRundownProtectionCacheAwareEx(s.ca, life + 1);
            dt_join(waiter);
            ExReInitializeRundownProtectionCacheAware(s.ca);
        }
        ExWaitForRundownProtectionReleaseCacheAware(s.ca); /* at once */
        end();
    }
}

/* LCK-068 */
static void own_buffer(void *ctx)
{
    SIZE_T                      bytes = ExSizeOfRundownProtectionCacheAware();
    PEX_RUNDOWN_REF_CACHE_AWARE ref = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED, bytes, 'tseT');

    (void)ctx;
    dt_expect(bytes >= 2 * sizeof(EX_RUNDOWN_REF));
    ExInitializeRundownProtectionCacheAware(ref, bytes);
    dt_expect(ExAcquireRundownProtectionCacheAware(ref));
    ExReleaseRundownProtectionCacheAware(ref);
    ExWaitForRundownProtectionReleaseCacheAware(ref);
    ExFreePoolWithTag(ref, 'tseT');
}

/* LCK-062 */
static void at_dispatch(void *ctx)
{
    KIRQL old;

    (void)ctx;
    begin();
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    dt_expect(ExAcquireRundownProtection(&s.ref) && ExAcquireRundownProtectionCacheAware(s.ca));
    ExReleaseRundownProtection(&s.ref);
    ExReleaseRundownProtectionCacheAware(s.ca);
    KeLowerIrql(old);
    KeRaiseIrql(APC_LEVEL, &old);
    ExWaitForRundownProtectionRelease(&s.ref);
    ExReInitializeRundownProtection(&s.ref);
    ExInitializeRundownProtection(&s.ref);
    KeLowerIrql(old);
    end();
}

static void test_alone(void **state)
{
    (void)state;
    passes(life);
    passes(counts);
    passes(cache_aware);
    passes(reused_after_waiting);
    passes(own_buffer);
    passes(at_dispatch);
}

/* LCK-068: NULL when there is no memory. */
static bool refused;

static void no_memory(void *ctx)
{
    PEX_RUNDOWN_REF_CACHE_AWARE ref = ExAllocateCacheAwareRundownProtection(NonPagedPoolNx, 'tseT');

    (void)ctx;
    refused |= !ref;
    if (ref)
        ExFreeCacheAwareRundownProtection(ref);
}

static void test_no_memory(void **state)
{
    struct dt_config cfg = config(1);

    (void)state;
    cfg.faults = true;
    if (!simulated())
        return;
    always_with(&cfg, no_memory, 1);
    assert_true(refused);
}

/* ---- the wait ---- */

static void visit(void *ctx)
{
    (void)ctx;
    if (!ExAcquireRundownProtection(&s.ref))
        return;
    dt_expect_eq(s.gone, 0);
    both_inside |= InterlockedIncrement(&s.inside) == 2;
    KeReadStateEvent(&s.go); /* a point */
    dt_expect_eq(s.gone, 0);
    InterlockedDecrement(&s.inside);
    ExReleaseRundownProtection(&s.ref);
}

/* LCK-057, LCK-066: on every schedule nobody is inside after the wait, and nobody gets in. LCK-065: holders do not keep each
 * other out. */
static void run_down(void *ctx)
{
    begin();
    dt_spawn(0, visit, NULL);
    dt_spawn(1, visit, NULL);
    ExWaitForRundownProtectionRelease(&s.ref);
    s.gone = 1;
    dt_expect_eq(s.inside, 0);
    visit(ctx);
    dt_join_all();
    end();
}

static void visit_ca(void *ctx)
{
    (void)ctx;
    if (!ExAcquireRundownProtectionCacheAware(s.ca))
        return;
    InterlockedIncrement(&s.inside);
    KeReadStateEvent(&s.go);
    dt_expect_eq(s.gone, 0);
    InterlockedDecrement(&s.inside);
    ExReleaseRundownProtectionCacheAware(s.ca);
}

/* LCK-067 */
static void run_down_ca(void *ctx)
{
    begin();
    dt_spawn(0, visit_ca, NULL);
    dt_spawn(1, visit_ca, NULL);
    ExWaitForRundownProtectionReleaseCacheAware(s.ca);
    s.gone = 1;
    dt_expect_eq(s.inside, 0);
    visit_ca(ctx);
    dt_join_all();
    end();
}

static void keep(void *ctx)
{
    (void)ctx;
    dt_expect(ExAcquireRundownProtectionEx(&s.ref, 2));
    KeSetEvent(&s.got, IO_NO_INCREMENT, FALSE);
    wait_for(&s.go);
    ExReleaseRundownProtection(&s.ref);
    InterlockedIncrement(&s.waited);
    ExReleaseRundownProtection(&s.ref);
}

static void wait_down(void *ctx)
{
    (void)ctx;
    ExWaitForRundownProtectionRelease(&s.ref);
    dt_expect_eq(s.waited, 1);
    InterlockedIncrement(&s.gone);
}

/* LCK-056: refused from the call of the wait on, while the holder is still inside. LCK-057: it lasts as long as that one. */
static void holder_inside(void *ctx)
{
    begin();
    dt_spawn(1, keep, NULL);
    wait_for(&s.got);
    dt_spawn(0, wait_down, NULL);
    dt_spawn(1, wait_down, NULL); /* two may wait */
    while (ExAcquireRundownProtection(&s.ref)) {
        ExReleaseRundownProtection(&s.ref);
        sleep_ms(1);
    }
    dt_expect_eq(s.gone, 0);
    KeSetEvent(&s.go, IO_NO_INCREMENT, FALSE);
    wait_down(ctx);
    dt_join_all();
    dt_expect_eq(s.gone, 3);
    end();
}

static void release_elsewhere(void *ctx)
{
    (void)ctx;
    ExReleaseRundownProtectionCacheAware(s.ca);
}

/* LCK-067: acquired on one processor, released on the other: one count is negative, the sum is right. */
static void acquire_elsewhere(void *ctx)
{
    dt_expect(ExAcquireRundownProtectionCacheAware(s.ca));
    dt_expect(ExAcquireRundownProtectionCacheAware(s.ca));
    (void)ctx;
}

static void across(void *ctx)
{
    (void)ctx;
    begin();
    dt_join(dt_spawn(0, acquire_elsewhere, NULL));
    dt_join(dt_spawn(1, release_elsewhere, NULL));
    dt_spawn(1, release_elsewhere, NULL);
    ExWaitForRundownProtectionReleaseCacheAware(s.ca);
    dt_join_all();
    end();
}

static void test_wait(void **state)
{
    (void)state;
    reached(run_down, 2, &both_inside);
    always(run_down_ca, 2);
    always(holder_inside, 1);
    always(across, 1);
}

/* A reference that a DPC gives back: the thread that took it may wait for it. */
static VOID give_back(PKDPC dpc, PVOID context, PVOID arg1, PVOID arg2)
{
    (void)dpc, (void)context, (void)arg1, (void)arg2;
    ExReleaseRundownProtection(&s.ref);
}

static void by_dpc(void *ctx)
{
    (void)ctx;
    begin();
    KeInitializeDpc(&s.dpc, give_back, NULL);
    dt_expect(ExAcquireRundownProtection(&s.ref));
    KeInsertQueueDpc(&s.dpc, NULL, NULL);
    ExWaitForRundownProtectionRelease(&s.ref);
    end();
}

static void test_dpc(void **state)
{
    (void)state;
    always(by_dpc, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alone),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_wait),
        cmocka_unit_test(test_dpc),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
