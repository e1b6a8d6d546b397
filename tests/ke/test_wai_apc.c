/* SPDX-License-Identifier: MIT */
/* APCs and alerts in waits. */
#include "apc.h"

static KNORMAL_ROUTINE waits_in_apc;

static VOID waits_in_apc(PVOID context, PVOID a, PVOID b)
{
    normal_routine(context, a, b);
    dt_expect_eq(wait_ms(&s.never, 3), STATUS_TIMEOUT);
}

/* ---- waits ---- */

/* Who is to end a wait before its time-out may be slow in real time. */
static int64_t time_out_ms = 10;

static void waits(void *ctx)
{
    LARGE_INTEGER t = in_ms(time_out_ms);
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
    BOOLEAN queued = queue(0, s.thread, waits_in_apc, KernelMode); /* in real time it may have ended by now */

    dt_join_all();
    dt_expect_eq(s.calls + s.rundowns, queued);
    dt_expect(s.calls == 1 || !simulated());
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
    cfg.faithful = true;
    always_with(&cfg, pulse_beside_apc, 2);
    assert_true(missed);
}

/* ---- user APCs, alerts ---- */

/* An alertable one is ended, any other lasts to its time-out. */
static void start_wait_to_end(KPROCESSOR_MODE mode, bool alertable)
{
    time_out_ms = alertable && !simulated() ? 10000 : 10;
    start_wait(mode, alertable, &s.never);
}

/* WAI-048, WAI-049, WAI-050, WAI-051: which waits they end. */
static NTSTATUS user_apc(KPROCESSOR_MODE mode, bool alertable)
{
    start_wait_to_end(mode, alertable);
    BOOLEAN queued = queue(0, s.thread, normal_routine, UserMode);

    dt_join_all();
    dt_expect_eq(s.calls, 0); /* nobody returns to user mode here */
    dt_expect_eq(s.rundowns, queued);
    dt_expect(queued || (!simulated() && !alertable)); /* its time was over, and it has ended */
    return s.status;
}

static NTSTATUS alert(KPROCESSOR_MODE mode, bool alertable)
{
    start_wait_to_end(mode, alertable);
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

/* KeTestAlertThread makes a user APC pending without a wait. */
static NTSTATUS tests_alert(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    queue(0, KeGetCurrentThread(), normal_routine, UserMode);
    dt_expect(!KeTestAlertThread(s.mode));
    return complete(irp, STATUS_SUCCESS, 0);
}

static void after_test_alert(KPROCESSOR_MODE mode)
{
    begin();
    s.mode = mode;
    drv_reset();
    drv.control = tests_alert;
    dt_driver *d = drv_load();
    dt_file   *f = drv_open();

    dt_ioctl(f, IOCTL_TEST, NULL, 0, NULL, 0, NULL);
    dt_expect_eq(s.calls, mode == UserMode);
    KeRemoveQueueApc(&s.apc[0]);
    drv_close(d, f);
}

static void test_alert_in_each_mode(void *ctx)
{
    (void)ctx;
    after_test_alert(UserMode);
    after_test_alert(KernelMode);
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
    passes(test_alert_in_each_mode);
    passes(delivered_to_user_mode);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kernel_apc_in_wait),
        cmocka_unit_test(test_apc_at_apc_level),
        cmocka_unit_test(test_to_the_tail),
        cmocka_unit_test(test_pulse_beside_apc),
        cmocka_unit_test(test_user_apcs),
        cmocka_unit_test(test_delivered_to_user_mode),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
