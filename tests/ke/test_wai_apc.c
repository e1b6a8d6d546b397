/* SPDX-License-Identifier: MIT */
/* APCs and alerts in waits; regions; delivery. */
#include "../io/driver.h"
#include "ddk/nt/ke_apc.h"

static struct {
    KEVENT          go, ready, never, done;
    PKTHREAD        thread;
    KAPC            apc[4];
    NTSTATUS        status;
    LONG            calls, kernel_calls, rundowns, order[8], kernel_order[8];
    KIRQL           kernel_irql, normal_irql;
    PKTHREAD        ran_in;
    bool            in_region, seen_in_region;
    bool            alertable;
    uint64_t        from, took;
    KPROCESSOR_MODE mode;
} s;

static KKERNEL_ROUTINE  kernel_routine;
static KNORMAL_ROUTINE  normal_routine, waits_in_apc;
static KRUNDOWN_ROUTINE rundown_routine;

static VOID kernel_routine(PKAPC apc, PKNORMAL_ROUTINE *normal, PVOID *context, PVOID *a, PVOID *b)
{
    (void)context, (void)a, (void)b, (void)normal;
    s.kernel_order[s.kernel_calls++ & 7] = (LONG)(apc - s.apc) + 1;
    s.kernel_irql = KeGetCurrentIrql();
    s.ran_in = KeGetCurrentThread();
    if (s.in_region)
        s.seen_in_region = true;
}

static VOID normal_routine(PVOID context, PVOID a, PVOID b)
{
    (void)a, (void)b;
    s.normal_irql = KeGetCurrentIrql();
    s.order[s.calls++ & 7] = (LONG)(LONG_PTR)context;
}

static VOID waits_in_apc(PVOID context, PVOID a, PVOID b)
{
    normal_routine(context, a, b);
    dt_expect_eq(wait_ms(&s.never, 3), STATUS_TIMEOUT);
}

static VOID rundown_routine(PKAPC apc)
{
    (void)apc;
    s.rundowns++;
}

static void begin(void)
{
    memset(&s, 0, sizeof s);
    KeInitializeEvent(&s.go, SynchronizationEvent, FALSE);
    KeInitializeEvent(&s.ready, NotificationEvent, FALSE);
    KeInitializeEvent(&s.never, NotificationEvent, FALSE);
    KeInitializeEvent(&s.done, NotificationEvent, FALSE);
}

static void init_apc(unsigned i, PKTHREAD thread, PKNORMAL_ROUTINE normal, KPROCESSOR_MODE mode)
{
    KeInitializeApc(&s.apc[i], thread, OriginalApcEnvironment, kernel_routine, rundown_routine, normal, mode,
        (PVOID)(LONG_PTR)(i + 1));
}

static BOOLEAN queue(unsigned i, PKTHREAD thread, PKNORMAL_ROUTINE normal, KPROCESSOR_MODE mode)
{
    init_apc(i, thread, normal, mode);
    return KeInsertQueueApc(&s.apc[i], NULL, NULL, 0);
}

static void queue_to_self(PKNORMAL_ROUTINE normal)
{
    dt_expect(queue(0, KeGetCurrentThread(), normal, KernelMode));
}

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

/* ---- waits ---- */

static void waits(void *ctx)
{
    LARGE_INTEGER t = in_ms(10);
    PVOID         object = ctx ? ctx : &s.go;

    s.thread = KeGetCurrentThread();
    KeSetEvent(&s.ready, IO_NO_INCREMENT, FALSE);
    s.from = KeQueryInterruptTime();
    s.status = KeWaitForSingleObject(object, UserRequest, s.mode, (BOOLEAN)s.alertable, &t);
    s.took = KeQueryInterruptTime() - s.from;
    KeSetEvent(&s.done, IO_NO_INCREMENT, FALSE);
}

static void start_wait(KPROCESSOR_MODE mode, bool alertable, void *object)
{
    begin();
    s.mode = mode;
    s.alertable = alertable;
    dt_spawn(1, waits, object);
    wait_for(&s.ready);
    if (simulated())
        sleep_ms(2);
}

/* WAI-053: kernel APCs do not end the wait, nor does it begin anew: the deadline stays, even if the routine waits too. */
static void kernel_apc_in_wait(void *ctx)
{
    (void)ctx;
    start_wait(KernelMode, true, &s.never);
    queue(0, s.thread, waits_in_apc, KernelMode);
    dt_join_all();
    dt_expect_eq(s.calls, 1);
    dt_expect_eq(s.status, STATUS_TIMEOUT);
    dt_expect(s.took + TICK_1MS >= 100000);
    if (simulated())
        dt_expect(s.took <= 100000 + TICK_1MS);
}

/* What is signaled while the routine runs satisfies the wait afterwards. */
static void signaled_during_apc(void *ctx)
{
    (void)ctx;
    start_wait(KernelMode, false, NULL);
    BOOLEAN queued = queue(0, s.thread, waits_in_apc, KernelMode);

    KeSetEvent(&s.go, IO_NO_INCREMENT, FALSE);
    dt_join_all();
    dt_expect_eq(KeReadStateEvent(&s.go), s.status == STATUS_TIMEOUT); /* time may pass first */
    dt_expect(s.status == STATUS_SUCCESS || s.took + TICK_1MS >= 100000);
    dt_expect_eq(s.calls + s.rundowns, queued);
}

static void test_kernel_apc_in_wait(void **state)
{
    (void)state;
    passes(kernel_apc_in_wait);
    always(signaled_during_apc, 2);
}

/* At APC_LEVEL a wait is not interrupted: the APC comes when IRQL is lowered. */
static void waits_at_apc(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    s.thread = KeGetCurrentThread();
    KeRaiseIrql(APC_LEVEL, &irql);
    KeSetEvent(&s.ready, IO_NO_INCREMENT, FALSE);
    wait_for(&s.go);
    dt_expect_eq(s.kernel_calls, 0);
    KeLowerIrql(irql);
    dt_expect_eq(s.kernel_calls, 1);
}

static void apc_at_apc_level(void *ctx)
{
    (void)ctx;
    begin();
    dt_spawn(1, waits_at_apc, NULL);
    wait_for(&s.ready);
    settle();
    queue(0, s.thread, NULL, KernelMode);
    settle();
    KeSetEvent(&s.go, IO_NO_INCREMENT, FALSE);
    dt_join_all();
}

static void test_apc_at_apc_level(void **state)
{
    (void)state;
    passes(apc_at_apc_level);
    if (simulated())
        always(apc_at_apc_level, 1);
}

/* WAI-054: after the APC the thread is at the tail of the list. */
static void second_waiter(void *ctx)
{
    (void)ctx;
    wait_for(&s.go);
    s.order[s.calls++ & 7] = 99;
    KeSetEvent(&s.done, IO_NO_INCREMENT, FALSE);
}

static void first_waiter(void *ctx)
{
    (void)ctx;
    s.thread = KeGetCurrentThread();
    KeSetEvent(&s.ready, IO_NO_INCREMENT, FALSE);
    wait_for(&s.go);
}

static void to_the_tail(void *ctx)
{
    (void)ctx;
    begin();
    dt_spawn(1, first_waiter, NULL);
    wait_for(&s.ready);
    settle();
    dt_spawn(1, second_waiter, NULL);
    settle();
    queue(0, s.thread, NULL, KernelMode);
    settle();
    KeSetEvent(&s.go, IO_NO_INCREMENT, FALSE);
    wait_for(&s.done); /* the second one got it */
    KeSetEvent(&s.go, IO_NO_INCREMENT, FALSE);
    dt_join_all();
}

static void test_to_the_tail(void **state)
{
    (void)state;
    passes(to_the_tail);
}

/* EVT-029: a pulse misses the waiter that is running an APC. */
static bool missed;

static VOID slow_apc(PVOID context, PVOID a, PVOID b)
{
    normal_routine(context, a, b);
    KeReadStateEvent(&s.never);
}

static void pulse_beside_apc(void *ctx)
{
    (void)ctx;
    begin();
    s.mode = KernelMode;
    dt_spawn(1, waits, &s.never);
    wait_for(&s.ready);
    sleep_ms(1);
    queue(0, s.thread, slow_apc, KernelMode);
    KePulseEvent(&s.never, IO_NO_INCREMENT, FALSE);
    dt_join_all();
    if (s.status == STATUS_TIMEOUT)
        missed = true;
}

static void test_pulse_beside_apc(void **state)
{
    struct dt_config cfg = config(2);

    (void)state;
    if (!simulated())
        return;
    cfg.unverified = true;
    always_with(&cfg, pulse_beside_apc, 2);
    assert_true(missed);
}

/* ---- user APCs, alerts ---- */

/* WAI-048, WAI-049, WAI-050, WAI-051: which waits they end. */
static NTSTATUS user_apc(KPROCESSOR_MODE mode, bool alertable)
{
    start_wait(mode, alertable, &s.never);
    queue(0, s.thread, normal_routine, UserMode);
    dt_join_all();
    dt_expect_eq(s.calls, 0); /* nobody returns to user mode here */
    dt_expect_eq(s.rundowns, 1);
    return s.status;
}

static NTSTATUS alert(KPROCESSOR_MODE mode, bool alertable)
{
    start_wait(mode, alertable, &s.never);
    KeAlertThread(s.thread, KernelMode);
    dt_join_all();
    return s.status;
}

static void what_ends_waits(void *ctx)
{
    (void)ctx;
    dt_expect_eq(user_apc(KernelMode, true), STATUS_USER_APC);
    dt_expect_eq(user_apc(UserMode, true), STATUS_USER_APC);
    dt_expect_eq(user_apc(UserMode, false), STATUS_TIMEOUT);
    dt_expect_eq(user_apc(KernelMode, false), STATUS_TIMEOUT);
    dt_expect_eq(alert(KernelMode, true), STATUS_ALERTED);
    dt_expect_eq(alert(UserMode, true), STATUS_ALERTED);
    dt_expect_eq(alert(KernelMode, false), STATUS_TIMEOUT);
    dt_expect_eq(alert(UserMode, false), STATUS_TIMEOUT);
}

/* WAI-052: an object, an alert, a user APC, in this order. WAI-072: the same for a delay. */
static void order_of_checks(void *ctx)
{
    LARGE_INTEGER t = in_ms(5);
    PKTHREAD      me = KeGetCurrentThread();

    (void)ctx;
    begin();
    queue(0, me, normal_routine, UserMode);
    dt_expect(!KeAlertThread(me, KernelMode));
    dt_expect(KeAlertThread(me, KernelMode));
    KeSetEvent(&s.go, IO_NO_INCREMENT, FALSE);
    dt_expect_eq(KeWaitForSingleObject(&s.go, Executive, KernelMode, TRUE, &t), STATUS_SUCCESS);
    dt_expect_eq(KeWaitForSingleObject(&s.go, Executive, KernelMode, TRUE, &t), STATUS_ALERTED);
    dt_expect_eq(KeWaitForSingleObject(&s.go, Executive, KernelMode, TRUE, &t), STATUS_USER_APC);
    dt_expect_eq(KeDelayExecutionThread(KernelMode, TRUE, &t), STATUS_USER_APC);
    KeAlertThread(me, KernelMode);
    dt_expect_eq(KeDelayExecutionThread(KernelMode, TRUE, &t), STATUS_ALERTED);
    KeAlertThread(me, KernelMode);
    dt_expect_eq(KeDelayExecutionThread(KernelMode, FALSE, &t), STATUS_SUCCESS);
    dt_expect(KeTestAlertThread(KernelMode));
    dt_expect(!KeTestAlertThread(KernelMode));

    KeEnterCriticalRegion(); /* WAI-055 */
    dt_expect_eq(KeWaitForSingleObject(&s.go, Executive, UserMode, TRUE, &t), STATUS_TIMEOUT);
    KeLeaveCriticalRegion();
    dt_expect(KeRemoveQueueApc(&s.apc[0]));
}

static void test_user_apcs(void **state)
{
    (void)state;
    passes(what_ends_waits);
    passes(order_of_checks);
}

/* WAI-047: the wait of a request in UserMode ends; the APC is called on the way back to user mode. */
static NTSTATUS waits_alertably(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    queue(0, KeGetCurrentThread(), normal_routine, UserMode);
    NTSTATUS status = KeWaitForSingleObject(&s.never, UserRequest, UserMode, TRUE, NULL);

    dt_expect_eq(s.calls, 0);
    return complete(irp, status, 0);
}

static void delivered_to_user_mode(void *ctx)
{
    (void)ctx;
    begin();
    drv_reset();
    drv.control = waits_alertably;
    dt_driver *d = drv_load();
    dt_file   *f = drv_open();

    dt_expect_eq(dt_ioctl(f, IOCTL_TEST, NULL, 0, NULL, 0, NULL), STATUS_USER_APC);
    dt_expect_eq(s.calls, 1);
    dt_expect(s.kernel_irql == APC_LEVEL && s.normal_irql == PASSIVE_LEVEL);
    drv_close(d, f);
}

/* WAI-047, WAI-048: the same when it is queued during the wait; in KernelMode it is left in the queue. */
static NTSTATUS waits_for_apc(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    s.thread = KeGetCurrentThread();
    KeSetEvent(&s.ready, IO_NO_INCREMENT, FALSE);
    return complete(irp, KeWaitForSingleObject(&s.never, UserRequest, s.mode, TRUE, NULL), 0);
}

static void queues_user_apc(void *ctx)
{
    (void)ctx;
    wait_for(&s.ready);
    settle();
    queue(0, s.thread, normal_routine, UserMode);
}

static void queued_during_wait(KPROCESSOR_MODE mode)
{
    begin();
    s.mode = mode;
    drv_reset();
    drv.control = waits_for_apc;
    dt_driver *d = drv_load();
    dt_file   *f = drv_open();

    dt_spawn(1, queues_user_apc, NULL);
    dt_expect_eq(dt_ioctl(f, IOCTL_TEST, NULL, 0, NULL, 0, NULL), STATUS_USER_APC);
    dt_join_all();
    dt_expect_eq(s.calls, mode == UserMode);
    dt_expect_eq(KeRemoveQueueApc(&s.apc[0]), mode == KernelMode);
    drv_close(d, f);
}

static void queued_in_each_mode(void *ctx)
{
    (void)ctx;
    queued_during_wait(UserMode);
    queued_during_wait(KernelMode);
}

static void test_delivered_to_user_mode(void **state)
{
    (void)state;
    passes(queued_in_each_mode);
    passes(delivered_to_user_mode);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_regions),
        cmocka_unit_test(test_special_apc),
        cmocka_unit_test(test_kernel_apc_in_wait),
        cmocka_unit_test(test_apc_at_apc_level),
        cmocka_unit_test(test_to_the_tail),
        cmocka_unit_test(test_pulse_beside_apc),
        cmocka_unit_test(test_user_apcs),
        cmocka_unit_test(test_delivered_to_user_mode),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
