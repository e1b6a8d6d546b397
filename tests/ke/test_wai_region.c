/* SPDX-License-Identifier: MIT */
/* Critical and guarded regions, and when an APC is called. */
#include "apc.h"

/* ---- regions ---- */

/* WAI-056, WAI-057, WAI-058: what the two queries say. */
static void regions(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    dt_expect(!KeAreApcsDisabled() && !KeAreAllApcsDisabled());
    KeEnterCriticalRegion();
    KeEnterCriticalRegion();
    dt_expect(KeAreApcsDisabled() && !KeAreAllApcsDisabled());
    KeLeaveCriticalRegion();
    dt_expect(KeAreApcsDisabled());
    KeLeaveCriticalRegion();
    dt_expect(!KeAreApcsDisabled());
    KeEnterGuardedRegion();
    KeEnterGuardedRegion();
    dt_expect(KeAreApcsDisabled() && KeAreAllApcsDisabled());
    KeLeaveGuardedRegion();
    dt_expect(KeAreApcsDisabled() && KeAreAllApcsDisabled());
    KeLeaveGuardedRegion();
    dt_expect(!KeAreApcsDisabled() && !KeAreAllApcsDisabled());
    KeRaiseIrql(APC_LEVEL, &irql);
    dt_expect(!KeAreApcsDisabled() && KeAreAllApcsDisabled());
    KeLowerIrql(irql);
}

/* WAI-063, WAI-065: a normal APC waits for the end of the outermost region and runs at PASSIVE_LEVEL before the leave
 * returns. WAI-064: a special one does not wait. WAI-057: in a guarded region both wait. */
static void delivery(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin();
    queue_to_self(normal_routine);
    dt_expect_eq(s.calls, 1);
    dt_expect(s.kernel_irql == APC_LEVEL && s.normal_irql == PASSIVE_LEVEL);
    dt_expect(s.ran_in == KeGetCurrentThread());

    KeEnterCriticalRegion();
    KeEnterCriticalRegion();
    queue_to_self(normal_routine);
    dt_expect(!KeInsertQueueApc(&s.apc[0], NULL, NULL, 0)); /* it is queued already */
    KeLeaveCriticalRegion();
    dt_expect_eq(s.calls, 1);
    KeLeaveCriticalRegion();
    dt_expect_eq(s.calls, 2);

    KeEnterCriticalRegion();
    s.kernel_calls = 0;
    queue_to_self(NULL);
    dt_expect_eq(s.kernel_calls, 1);
    KeLeaveCriticalRegion();

    KeEnterGuardedRegion();
    queue_to_self(NULL);
    dt_expect_eq(s.kernel_calls, 1);
    KeLeaveGuardedRegion();
    dt_expect_eq(s.kernel_calls, 2);

    KeRaiseIrql(APC_LEVEL, &irql);
    queue_to_self(NULL);
    dt_expect_eq(s.kernel_calls, 2);
    KeLowerIrql(irql);
    dt_expect_eq(s.kernel_calls, 3);
}

/* MTX-013: a mutex keeps normal APCs out as a region does; the last release lets them in. */
static void under_mutex(void *ctx)
{
    KMUTEX m;

    (void)ctx;
    begin();
    KeInitializeMutex(&m, 0);
    wait_for(&m);
    wait_for(&m);
    queue_to_self(normal_routine);
    KeReleaseMutex(&m, FALSE);
    dt_expect_eq(s.calls, 0);
    KeReleaseMutex(&m, FALSE);
    dt_expect_eq(s.calls, 1);
    KeEnterCriticalRegion();
    wait_for(&m);
    queue_to_self(normal_routine);
    KeReleaseMutex(&m, FALSE);
    dt_expect_eq(s.calls, 1);
    KeLeaveCriticalRegion();
    dt_expect_eq(s.calls, 2);
}

/* A normal APC is not interrupted by another normal one, but by a special one. */
static VOID queues_more(PVOID context, PVOID a, PVOID b)
{
    normal_routine(context, a, b);
    queue(1, KeGetCurrentThread(), normal_routine, KernelMode);
    dt_expect_eq(s.calls, 1);
    LONG before = s.kernel_calls;

    queue(2, KeGetCurrentThread(), NULL, KernelMode);
    dt_expect_eq(s.kernel_calls, before + 1);
}

static void nested(void *ctx)
{
    (void)ctx;
    begin();
    queue_to_self(queues_more);
    dt_expect_eq(s.calls, 2);
    dt_expect_eq(s.kernel_calls, 3);
}

/* Special ones first, then first come first served; a removed one is not called. */
static void order_of_delivery(void *ctx)
{
    PKTHREAD me = KeGetCurrentThread();

    (void)ctx;
    begin();
    KeEnterGuardedRegion();
    queue(0, me, normal_routine, KernelMode);
    queue(1, me, normal_routine, KernelMode);
    queue(2, me, NULL, KernelMode);
    queue(3, me, NULL, KernelMode);
    dt_expect(KeRemoveQueueApc(&s.apc[1]));
    dt_expect(!KeRemoveQueueApc(&s.apc[1]));
    KeLeaveGuardedRegion();
    dt_expect_eq(s.kernel_calls, 3);
    dt_expect(s.kernel_order[0] == 3 && s.kernel_order[1] == 4 && s.kernel_order[2] == 1);
    dt_expect_eq(s.calls, 1);
}

static void test_regions(void **state)
{
    (void)state;
    passes(regions);
    passes(delivery);
    passes(order_of_delivery);
    passes(under_mutex);
    passes(nested);
}

/* ---- another thread ---- */

static void target(void *ctx)
{
    (void)ctx;
    s.thread = KeGetCurrentThread();
    KeSetEvent(&s.ready, IO_NO_INCREMENT, FALSE);
    KeEnterCriticalRegion();
    s.in_region = true;
    KeReadStateEvent(&s.never);
    KeReadStateEvent(&s.never);
    s.in_region = false;
    KeLeaveCriticalRegion();
    wait_for(&s.go);
}

/* WAI-064: a special APC interrupts code inside a critical region. WAI-066: its own thread and no other. */
static bool interrupted_region;

static void special_apc(void *ctx)
{
    (void)ctx;
    begin();
    dt_spawn(1, target, NULL);
    wait_for(&s.ready);
    KeEnterGuardedRegion(); /* mine: does not concern the other thread */
    queue(0, s.thread, NULL, KernelMode);
    KeSetEvent(&s.go, IO_NO_INCREMENT, FALSE);
    dt_join_all();
    KeLeaveGuardedRegion();
    dt_expect_eq(s.kernel_calls, 1);
    dt_expect(s.ran_in == s.thread);
    if (s.seen_in_region)
        interrupted_region = true;
}

static void test_special_apc(void **state)
{
    (void)state;
    passes(special_apc);
    reached(special_apc, 2, &interrupted_region);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_regions),
        cmocka_unit_test(test_special_apc),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
