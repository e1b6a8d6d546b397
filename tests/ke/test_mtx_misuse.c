/* SPDX-License-Identifier: MIT */
/* Mutexes used wrongly: each bad driver is caught, its repaired twin is silent. */
#include "../io/driver.h"
#include "ddk/nt/ke_apc.h"

static struct {
    KMUTEX          m, n;
    KEVENT          go, done;
    KDPC            dpc;
    WORK_QUEUE_ITEM item;
    bool            release;
    char            storage[sizeof(KMUTEX) + 8];
} s;

static void begin(void)
{
    memset(&s, 0, sizeof s);
    KeInitializeMutex(&s.m, 0);
    KeInitializeMutex(&s.n, 0);
    KeInitializeEvent(&s.go, NotificationEvent, FALSE);
    KeInitializeEvent(&s.done, NotificationEvent, FALSE);
}

/* ---- MTX-002 ---- */

static void misaligned(void *ctx)
{
    char *p = s.storage;

    (void)ctx;
    while ((uintptr_t)p % 8 != 4)
        p++;
    KeInitializeMutex((PKMUTEX)p, 0);
}

/* ---- MTX-009: the last acquisition that would not fit ---- */

static void too_often(void *ctx)
{
    (void)ctx;
    begin();
    wait_for(&s.m);
    s.m.Header.SignalState = INT32_MIN; /* as after 2^31 acquisitions */
    wait_for(&s.m);
}

/* Satisfied by another object first, the mutex is not asked. */
static void other_first(void *ctx)
{
    PVOID objects[2] = {&s.go, &s.m};

    (void)ctx;
    begin();
    wait_for(&s.m);
    s.m.Header.SignalState = INT32_MIN;
    KeSetEvent(&s.go, IO_NO_INCREMENT, FALSE);
    dt_expect_eq(KeWaitForMultipleObjects(2, objects, WaitAny, Executive, KernelMode, FALSE, NULL, NULL), 0);
    s.m.Header.SignalState = 0;
    KeReleaseMutex(&s.m, FALSE);
}

static void raises(dt_body *body, uint32_t status, LONG signal_state)
{
    struct dt_config cfg = config(2);
    struct dt_result r = {0};

    if (!simulated())
        return;
    assert_int_equal(dt_run(&cfg, body, NULL, &r), 0);
    assert_int_equal(r.finding.param[0], status);
    assert_int_equal(s.m.Header.SignalState, signal_state);
}

/* ---- MTX-010, MTX-011, MTX-012, MTX-026: who releases, and where ---- */

static void owns(void *ctx)
{
    (void)ctx;
    wait_for(&s.m);
    KeSetEvent(&s.go, IO_NO_INCREMENT, FALSE);
    wait_for(&s.done);
    KeReleaseMutex(&s.m, FALSE);
}

static void released_by_other(void *ctx)
{
    (void)ctx;
    begin();
    dt_spawn(1, owns, NULL);
    wait_for(&s.go);
    KeReleaseMutex(&s.m, FALSE);
}

static void released_by_owner(void *ctx)
{
    (void)ctx;
    begin();
    dt_spawn(1, owns, NULL);
    wait_for(&s.go);
    KeSetEvent(&s.done, IO_NO_INCREMENT, FALSE);
    dt_join_all();
}

static void once_too_many(void *ctx)
{
    (void)ctx;
    begin();
    wait_for(&s.m);
    KeReleaseMutex(&s.m, FALSE);
    KeReleaseMutex(&s.m, FALSE);
}

static void levels(KIRQL acquire, KIRQL release)
{
    KIRQL irql;

    begin();
    KeRaiseIrql(acquire, &irql);
    poll(&s.m);
    KeLowerIrql(irql);
    KeRaiseIrql(release, &irql);
    KeReleaseMutex(&s.m, FALSE);
    KeLowerIrql(irql);
}

static void released_below(void *ctx)
{
    (void)ctx;
    levels(DISPATCH_LEVEL, PASSIVE_LEVEL);
}

static void released_above(void *ctx)
{
    (void)ctx;
    levels(APC_LEVEL, DISPATCH_LEVEL);
}

static void same_level(void *ctx)
{
    (void)ctx;
    levels(DISPATCH_LEVEL, DISPATCH_LEVEL);
    levels(APC_LEVEL, PASSIVE_LEVEL);
}

static KMUTEX not_a_mutex;

/* MTX-010: what is released was never initialized. */
static void no_mutex_released(void *ctx)
{
    (void)ctx;
    memset(&not_a_mutex, 0x55, sizeof not_a_mutex);
    KeReleaseMutex(&not_a_mutex, FALSE);
}

static void test_who_and_where(void **state)
{
    (void)state;
    caught(misaligned, "DT-W03", 0);
    caught_params(no_mutex_released, "DT-W03", 0x0A, (uintptr_t)&not_a_mutex, PASSIVE_LEVEL);
    caught(too_often, "DT-W06", 0x7E);
    raises(too_often, 0xC0000191, INT32_MIN);
    passes(other_first);
    caught(released_by_other, "DT-W06", 0x7E);
    raises(released_by_other, 0xC0000046, 0);
    always(released_by_owner, 1);
    caught(once_too_many, "DT-W06", 0x7E);
    raises(once_too_many, 0xC0000046, 1);
    caught(released_below, "DT-W06", 0x7E);
    caught(released_above, "DT-W06", 0x1E);
    passes(same_level);
}

/* ---- MTX-017: WaitMode = UserMode ---- */

static void user_mode(bool several)
{
    PVOID objects[2] = {&s.go, &s.m};

    begin();
    if (several)
        KeWaitForMultipleObjects(2, objects, WaitAny, UserRequest, UserMode, FALSE, NULL, NULL);
    else
        KeWaitForSingleObject(&s.m, UserRequest, UserMode, FALSE, NULL);
}

static void user_mode_single(void *ctx)
{
    (void)ctx;
    user_mode(false);
}

static void user_mode_array(void *ctx)
{
    (void)ctx;
    user_mode(true);
}

/* ---- MTX-024: above DISPATCH_LEVEL ---- */

static void released_at_device_level(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin();
    wait_for(&s.m);
    KeRaiseIrql(4, &irql);
    KeReleaseMutex(&s.m, FALSE);
}

static void read_at_device_level(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin();
    KeRaiseIrql(4, &irql);
    KeReadStateMutex(&s.m);
}

/* ---- MTX-028: reserved routines ---- */

static void uses_mutant(void *ctx)
{
    (void)ctx;
    KeInitializeMutant(&s.m, FALSE);
}

static void test_calls(void **state)
{
    (void)state;
    caught(user_mode_single, "DT-W09", 0);
    caught(user_mode_array, "DT-W09", 0);
    caught(released_at_device_level, "DT-I01", 0xC4);
    caught(read_at_device_level, "DT-I01", 0xC4);
    caught(uses_mutant, "DT-W17", 0);
}

/* ---- where a mutex may not be left owned ---- */

static void take(void)
{
    wait_for(&s.m);
    if (s.release)
        KeReleaseMutex(&s.m, FALSE);
}

static void ends_with_it(void *ctx)
{
    (void)ctx;
    take();
}

/* MTX-019. */
static void thread_ends(bool release)
{
    begin();
    s.release = release;
    dt_spawn(1, ends_with_it, NULL);
    dt_join_all();
}

static void thread_ends_as_owner(void *ctx)
{
    (void)ctx;
    thread_ends(false);
}

static void thread_ends_without(void *ctx)
{
    (void)ctx;
    thread_ends(true);
}

/* MTX-020. */
static WORKER_THREAD_ROUTINE works;

static VOID works(PVOID context)
{
    (void)context;
    take();
    KeSetEvent(&s.done, IO_NO_INCREMENT, FALSE);
}

static void work_item(bool release)
{
    begin();
    s.release = release;
    ExInitializeWorkItem(&s.item, works, NULL);
    ExQueueWorkItem(&s.item, DelayedWorkQueue);
    wait_for(&s.done);
    sleep_ms(simulated() ? 2 : 200);
}

static void worker_returns_as_owner(void *ctx)
{
    (void)ctx;
    work_item(false);
}

static void worker_returns_without(void *ctx)
{
    (void)ctx;
    work_item(true);
}

static void test_ends(void **state)
{
    (void)state;
    caught(thread_ends_as_owner, "DT-W07", 0x4000008A);
    passes(thread_ends_without);
    caught(worker_returns_as_owner, "DT-W07", 0x39);
    passes(worker_returns_without);
}

/* MTX-018, MTX-021: a dispatch routine, and with it a thread on its way to user mode; a DPC; a completion routine. */
static NTSTATUS takes_it(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    take();
    return complete(irp, STATUS_SUCCESS, 0);
}

static void request(bool release)
{
    begin();
    s.release = release;
    drv_reset();
    drv.control = takes_it;
    dt_driver *d = drv_load();
    dt_file   *f = drv_open();

    dt_ioctl(f, IOCTL_TEST, NULL, 0, NULL, 0, NULL);
    drv_close(d, f);
}

static void dispatch_returns_as_owner(void *ctx)
{
    (void)ctx;
    request(false);
}

static void dispatch_returns_without(void *ctx)
{
    (void)ctx;
    request(true);
}

static KDEFERRED_ROUTINE dpc_takes_it;

static VOID dpc_takes_it(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    poll(&s.m);
    if (s.release)
        KeReleaseMutex(&s.m, FALSE);
}

static void in_dpc(bool release)
{
    begin();
    s.release = release;
    KeInitializeDpc(&s.dpc, dpc_takes_it, NULL);
    KeInsertQueueDpc(&s.dpc, NULL, NULL);
    KeFlushQueuedDpcs();
}

static void dpc_returns_as_owner(void *ctx)
{
    (void)ctx;
    in_dpc(false);
}

static void dpc_returns_without(void *ctx)
{
    (void)ctx;
    in_dpc(true);
}

static void test_returns(void **state)
{
    struct dt_config cfg = config(2);

    (void)state;
    caught(dispatch_returns_as_owner, "DT-W15", 0xC4);
    passes(dispatch_returns_without);
    cfg.faithful = true;
    caught_with(&cfg, dispatch_returns_as_owner, "DT-W07", 0x4000008A); /* MTX-018: on the way back to user mode */
    caught(dpc_returns_as_owner, "DT-D08", 0xC7);
    passes(dpc_returns_without);
}

/* ---- MTX-026: order ---- */

static void take_two(PKMUTEX first, PKMUTEX second, bool pairs)
{
    wait_for(first);
    wait_for(second);
    KeReleaseMutex(pairs ? second : first, FALSE);
    KeReleaseMutex(pairs ? first : second, FALSE);
}

static void both_orders(void *ctx)
{
    (void)ctx;
    begin();
    take_two(&s.m, &s.n, true);
    take_two(&s.n, &s.m, true);
}

static void not_in_pairs(void *ctx)
{
    (void)ctx;
    begin();
    take_two(&s.m, &s.n, false);
}

static void one_order(void *ctx)
{
    PVOID objects[2] = {&s.n, &s.m};

    (void)ctx;
    begin();
    take_two(&s.m, &s.n, true);
    take_two(&s.m, &s.n, true);
    dt_expect_eq(
        KeWaitForMultipleObjects(2, objects, WaitAll, Executive, KernelMode, FALSE, NULL, NULL), STATUS_SUCCESS);
    KeReleaseMutex(&s.m, FALSE);
    KeReleaseMutex(&s.n, FALSE);
    wait_for(&s.n);
    dt_expect_eq(poll(&s.m), STATUS_SUCCESS); /* an attempt does not wait */
    KeReleaseMutex(&s.m, FALSE);
    KeReleaseMutex(&s.n, FALSE);
}

static void test_order(void **state)
{
    (void)state;
    caught(both_orders, "DT-L06", 0xC4);
    caught(not_in_pairs, "DT-L12", 0xC4);
    passes(one_order);
}

/* ---- MTX-027: a mutex and an event that wait for each other ---- */

static void holds_and_sets(void *ctx)
{
    (void)ctx;
    wait_for(&s.m);
    KeSetEvent(&s.go, IO_NO_INCREMENT, FALSE);
    KeReleaseMutex(&s.m, FALSE);
}

static void event_under_mutex(bool release_first)
{
    begin();
    wait_for(&s.m);
    dt_spawn(1, holds_and_sets, NULL);
    if (release_first)
        KeReleaseMutex(&s.m, FALSE);
    wait_for(&s.go); /* its setter needs the mutex */
    if (!release_first)
        KeReleaseMutex(&s.m, FALSE);
    dt_join_all();
}

static void mixed_deadlock(void *ctx)
{
    (void)ctx;
    event_under_mutex(false);
}

static void no_deadlock(void *ctx)
{
    (void)ctx;
    event_under_mutex(true);
}

static void test_mixed_deadlock(void **state)
{
    struct dt_config cfg = config(2);
    struct dt_result r = {0};

    (void)state;
    if (!simulated())
        return;
    assert_int_equal(dt_run(&cfg, mixed_deadlock, NULL, &r), 0);
    assert_finding(&r, "DT-L17", 0);
    assert_non_null(strstr(r.finding.what, "mutex")); /* the wait graph: who owns what the other waits for */
    always(no_deadlock, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_and_where),
        cmocka_unit_test(test_calls),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_returns),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_mixed_deadlock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
