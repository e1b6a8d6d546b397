/* SPDX-License-Identifier: MIT */
/* Waits where nobody may wait, for what nobody can wait for; regions out of balance. */
#include "../io/driver.h"
#include "ddk/ntifs.h"

#define TAG 0x69615774 /* 'tWai' */

static struct {
    KEVENT         event;
    KSPIN_LOCK     lock;
    FAST_MUTEX     fast;
    KGUARDED_MUTEX guarded;
    KQUEUE         queue;
    KDPC           dpc;
    bool           release;
} s;

static void begin(void)
{
    memset(&s, 0, sizeof s);
    KeInitializeEvent(&s.event, NotificationEvent, FALSE);
    KeInitializeSpinLock(&s.lock);
    ExInitializeFastMutex(&s.fast);
    KeInitializeGuardedMutex(&s.guarded);
    KeInitializeDpc(&s.dpc, NULL, NULL);
}

static uint64_t parameter(dt_body *body, const struct dt_config *cfg)
{
    struct dt_result r = {0};

    assert_int_equal(dt_run(cfg, body, NULL, &r), 0);
    return r.finding.param[0];
}

/* ---- levels ---- */

static void wait_at(KIRQL level, LARGE_INTEGER *timeout)
{
    KIRQL irql;

    begin();
    KeRaiseIrql(level, &irql);
    KeWaitForSingleObject(&s.event, Executive, KernelMode, FALSE, timeout);
    KeLowerIrql(irql);
}

static void above_dispatch(void *ctx)
{
    LARGE_INTEGER zero = {.QuadPart = 0};

    (void)ctx;
    wait_at(DISPATCH_LEVEL + 1, &zero);
}

static void for_ever_at_dispatch(void *ctx)
{
    (void)ctx;
    wait_at(DISPATCH_LEVEL, NULL);
}

static void timed_at_dispatch(void *ctx)
{
    LARGE_INTEGER t = in_ms(1);

    (void)ctx;
    wait_at(DISPATCH_LEVEL, &t);
}

static void polls_at_dispatch(void *ctx)
{
    LARGE_INTEGER zero = {.QuadPart = 0};

    (void)ctx;
    wait_at(DISPATCH_LEVEL, &zero);
}

/* WAI-045: a spin lock held. */
static void under_spin_lock(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin();
    KeAcquireSpinLock(&s.lock, &irql);
    wait_ms(&s.event, 1);
}

static void delay_at_dispatch(void *ctx)
{
    LARGE_INTEGER t = in_ms(1);
    KIRQL         irql;

    (void)ctx;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeDelayExecutionThread(KernelMode, FALSE, &t);
}

static void delay_at_apc(void *ctx)
{
    LARGE_INTEGER t = in_ms(1);
    KIRQL         irql;

    (void)ctx;
    KeRaiseIrql(APC_LEVEL, &irql);
    dt_expect_eq(KeDelayExecutionThread(KernelMode, FALSE, &t), STATUS_SUCCESS);
    KeLowerIrql(irql);
}

/* WAI-038, WAI-039, WAI-040, WAI-071. */
static void test_levels(void **state)
{
    struct dt_config on = config(2), off = config(2);

    (void)state;
    off.faithful = true;
    caught(above_dispatch, "DT-W01", 0xC4);
    caught(for_ever_at_dispatch, "DT-W01", 0xC4);
    caught(timed_at_dispatch, "DT-W01", 0xC4);
    caught(under_spin_lock, "DT-W01", 0xC4);
    caught(delay_at_dispatch, "DT-I01", 0xC4);
    if (simulated()) {
        assert_int_equal(parameter(above_dispatch, &on), 0x120);
        assert_int_equal(parameter(for_ever_at_dispatch, &on), 0x121);
        assert_int_equal(parameter(timed_at_dispatch, &on), 0x122);
        assert_int_equal(parameter(delay_at_dispatch, &on), 0x2000F);
    }
    caught_with(&off, timed_at_dispatch, "DT-W01", 0x0A);
    passes(polls_at_dispatch);
    passes(delay_at_apc);
}

/* ---- what is no dispatcher object ---- */

static void on_fast_mutex(void *ctx)
{
    (void)ctx;
    begin();
    poll(&s.fast);
}

static void on_owned_fast_mutex(void *ctx)
{
    (void)ctx;
    begin();
    ExAcquireFastMutex(&s.fast);
    poll(&s.fast);
}

static void on_guarded_mutex(void *ctx)
{
    (void)ctx;
    begin();
    poll(&s.guarded);
}

static void on_spin_lock(void *ctx)
{
    (void)ctx;
    begin();
    poll(&s.lock);
}

static void on_dpc(void *ctx)
{
    (void)ctx;
    begin();
    poll(&s.dpc);
}

static void on_queue(void *ctx)
{
    (void)ctx;
    begin();
    KeInitializeQueue(&s.queue, 1);
    poll(&s.queue);
}

static void on_nothing(void *ctx)
{
    (void)ctx;
    poll(NULL);
}

/* WAI-012, WAI-013, WAI-043. */
static void in_paged_pool(void *ctx)
{
    PKEVENT e = ExAllocatePool2(POOL_FLAG_PAGED, sizeof *e, TAG);

    (void)ctx;
    KeInitializeEvent(e, NotificationEvent, TRUE);
    wait_for(e);
}

static void freed(void *ctx)
{
    PKEVENT e = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *e, TAG);

    (void)ctx;
    KeInitializeEvent(e, NotificationEvent, TRUE);
    ExFreePoolWithTag(e, TAG);
    poll(e);
}

static void test_objects(void **state)
{
    (void)state;
    caught(on_fast_mutex, "DT-W03", 0x0A);
    caught(on_owned_fast_mutex, "DT-W03", 0x0A);
    caught(on_guarded_mutex, "DT-W03", 0x0A);
    caught(on_spin_lock, "DT-W03", 0x0A);
    caught(on_dpc, "DT-W03", 0x0A);
    caught(on_queue, "DT-W03", 0x0A);
    caught(on_nothing, "DT-W03", 0x0A);
    caught(in_paged_pool, NULL, 0xC4);
    caught(freed, "DT-W03", 0x0A);
}

/* WAI-042. */
static void on_stack(KPROCESSOR_MODE mode)
{
    KEVENT        e;
    LARGE_INTEGER zero = {.QuadPart = 0};
    PVOID         objects[2] = {&s.event, &e};

    begin();
    KeInitializeEvent(&e, NotificationEvent, FALSE);
    KeWaitForMultipleObjects(2, objects, WaitAny, UserRequest, mode, FALSE, &zero, NULL);
}

static void on_stack_user(void *ctx)
{
    (void)ctx;
    on_stack(UserMode);
}

static void on_stack_kernel(void *ctx)
{
    (void)ctx;
    on_stack(KernelMode);
}

static void test_stack(void **state)
{
    (void)state;
    caught(on_stack_user, "DT-W02", 0xC4);
    passes(on_stack_kernel);
}

/* ---- regions ---- */

static void leaves_critical(void *ctx)
{
    (void)ctx;
    KeLeaveCriticalRegion();
}

static void leaves_guarded(void *ctx)
{
    (void)ctx;
    KeLeaveGuardedRegion();
}

typedef void region_call(void);

static void region_at_dispatch(region_call *call)
{
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    call();
}

static void enters_at_dispatch(void *ctx)
{
    (void)ctx;
    region_at_dispatch(KeEnterCriticalRegion);
}

static void leaves_at_dispatch(void *ctx)
{
    (void)ctx;
    KeEnterCriticalRegion();
    region_at_dispatch(KeLeaveCriticalRegion);
}

static void guards_at_dispatch(void *ctx)
{
    (void)ctx;
    region_at_dispatch(KeEnterGuardedRegion);
}

static NTSTATUS enters_region(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    KeEnterCriticalRegion();
    if (s.release)
        KeLeaveCriticalRegion();
    return complete(irp, STATUS_SUCCESS, 0);
}

static void request(PDRIVER_DISPATCH dispatch, bool release)
{
    begin();
    drv_reset();
    s.release = release;
    drv.control = dispatch;
    dt_driver *d = drv_load();
    dt_file   *f = drv_open();

    dt_ioctl(f, IOCTL_TEST, NULL, 0, NULL, 0, NULL);
    drv_close(d, f);
}

static void returns_inside(void *ctx)
{
    (void)ctx;
    request(enters_region, false);
}

static void returns_outside(void *ctx)
{
    (void)ctx;
    request(enters_region, true);
}

static void ends_inside_thread(void *ctx)
{
    (void)ctx;
    KeEnterGuardedRegion();
    if (s.release)
        KeLeaveGuardedRegion();
}

static void thread_in_region(bool leaves)
{
    begin();
    s.release = leaves;
    dt_join(dt_spawn(1, ends_inside_thread, NULL));
}

static void ends_inside(void *ctx)
{
    (void)ctx;
    thread_in_region(false);
}

static void ends_outside(void *ctx)
{
    (void)ctx;
    thread_in_region(true);
}

/* WAI-059, WAI-060, WAI-061, WAI-062. */
static void test_regions(void **state)
{
    struct dt_config on = config(2);

    (void)state;
    caught(leaves_critical, "DT-W15", 0xC4);
    caught(leaves_guarded, "DT-W15", 0xC4);
    caught(enters_at_dispatch, "DT-I01", 0xC4);
    caught(leaves_at_dispatch, "DT-I01", 0xC4);
    caught(guards_at_dispatch, "DT-I01", 0xC4);
    caught(returns_inside, "DT-W15", 0xC4);
    caught(ends_inside, "DT-W15", 0x20);
    if (simulated()) {
        assert_int_equal(parameter(leaves_critical, &on), 0x3E);
        assert_int_equal(parameter(leaves_guarded, &on), 0x4000E);
        assert_int_equal(parameter(enters_at_dispatch, &on), 0x11A);
        assert_int_equal(parameter(leaves_at_dispatch, &on), 0x11B);
        assert_int_equal(parameter(guards_at_dispatch, &on), 0x20010);
        assert_int_equal(parameter(returns_inside, &on), 0xC5);
    }
    passes(returns_outside);
    passes(ends_outside);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_objects),
        cmocka_unit_test(test_stack),
        cmocka_unit_test(test_regions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
