/* SPDX-License-Identifier: MIT */
/* Events used wrongly: each bad driver is caught, its repaired twin is silent. */
#include "../machine.h"

#define TAG 0x74764574 /* 'tEvt' */

static struct {
    KEVENT a, b;
} s;

static void begin(void)
{
    memset(&s, 0, sizeof s);
    KeInitializeEvent(&s.a, NotificationEvent, FALSE);
    KeInitializeEvent(&s.b, NotificationEvent, TRUE);
}

typedef void event_call(void);

static void at_level(KIRQL level, event_call *call)
{
    KIRQL irql;

    begin();
    KeRaiseIrql(level, &irql);
    call();
    KeLowerIrql(irql);
}

static void set(void)
{
    KeSetEvent(&s.a, IO_NO_INCREMENT, FALSE);
}

static void pulse(void)
{
    KePulseEvent(&s.a, IO_NO_INCREMENT, FALSE);
}

static void clear(void)
{
    KeClearEvent(&s.a);
}

static void reset(void)
{
    KeResetEvent(&s.a);
}

static void read_state(void)
{
    KeReadStateEvent(&s.a);
}

static void set_and_wait(void)
{
    KeSetEvent(&s.a, IO_NO_INCREMENT, TRUE);
    poll(&s.b);
}

#define AT(name, level, call)      \
    static void name(void *ctx)    \
    {                              \
        (void)ctx;                 \
        at_level((level), (call)); \
    }

AT(set_at_device_level, 5, set)
AT(set_at_dispatch, DISPATCH_LEVEL, set)
AT(pair_at_dispatch, DISPATCH_LEVEL, set_and_wait)
AT(pair_at_apc, APC_LEVEL, set_and_wait)
AT(pulse_at_device_level, 3, pulse)
AT(clear_at_device_level, 3, clear)
AT(reset_at_device_level, 3, reset)
AT(read_at_high_level, HIGH_LEVEL, read_state)
AT(clear_at_dispatch, DISPATCH_LEVEL, clear)
AT(reset_at_dispatch, DISPATCH_LEVEL, reset)

/* EVT-014, EVT-015, EVT-031. */
static void test_levels(void **state)
{
    (void)state;
    caught(set_at_device_level, "DT-I01", 0xC4);
    caught(pair_at_dispatch, "DT-I01", 0xC4);
    caught(pulse_at_device_level, "DT-I01", 0xC4);
    caught(clear_at_device_level, "DT-I01", 0xC4);
    caught(reset_at_device_level, "DT-I01", 0xC4);
    caught(read_at_high_level, "DT-I01", 0xC4);
    passes(set_at_dispatch);
    passes(pair_at_apc);
    passes(clear_at_dispatch);
    passes(reset_at_dispatch);
}

static void set_wiped(void *ctx)
{
    (void)ctx;
    begin();
    memset(&s.a, 0xDB, sizeof s.a); /* as freed pool is */
    KeSetEvent(&s.a, IO_NO_INCREMENT, FALSE);
}

static uint64_t first_parameter(dt_body *body)
{
    struct dt_config cfg = config(2);
    struct dt_result r = {0};

    assert_int_equal(dt_run(&cfg, body, NULL, &r), 0);
    return r.finding.param[0];
}

static void test_level_codes(void **state)
{
    (void)state;
    if (!simulated())
        return;
    assert_int_equal(first_parameter(set_at_device_level), 0x80);
    assert_int_equal(first_parameter(pair_at_dispatch), 0x20016);
    assert_int_equal(first_parameter(clear_at_device_level), 0x20011);
}

/* Bug check 0x0A: address, IRQL, 0 for a read, and no instruction, whatever lies where the event should. */
static void test_object_codes(void **state)
{
    struct dt_config cfg = config(2);
    struct dt_result r = {0};

    (void)state;
    if (!simulated())
        return;
    assert_int_equal(dt_run(&cfg, set_wiped, NULL, &r), 0);
    assert_int_equal(r.finding.bugcheck, 0x0A);
    assert_int_equal(r.finding.param[2], 0);
    assert_int_equal(r.finding.param[3], 0);
}

/* EVT-018: after Wait = TRUE nothing but a wait. */
static void call_in_between(void *ctx)
{
    (void)ctx;
    begin();
    KeSetEvent(&s.a, IO_NO_INCREMENT, TRUE);
    KeClearEvent(&s.a);
    wait_for(&s.b);
}

static void returns_instead_thread(void *ctx)
{
    (void)ctx;
    KeSetEvent(&s.a, IO_NO_INCREMENT, TRUE);
}

static void returns_instead(void *ctx)
{
    (void)ctx;
    begin();
    dt_spawn(1, returns_instead_thread, NULL);
    dt_join_all();
}

static void waits_at_once(void *ctx)
{
    (void)ctx;
    begin();
    KeSetEvent(&s.a, IO_NO_INCREMENT, TRUE);
    wait_for(&s.b);
    KeClearEvent(&s.a);
}

static void test_not_followed(void **state)
{
    (void)state;
    caught(call_in_between, "DT-W05", 0);
    caught(returns_instead, NULL, 0xC8);
    passes(waits_at_once);
}

/* EVT-030: any pulse is warned of. */
static void pulses(void *ctx)
{
    (void)ctx;
    begin();
    KePulseEvent(&s.a, IO_NO_INCREMENT, FALSE);
}

static void sets_instead(void *ctx)
{
    (void)ctx;
    begin();
    KeSetEvent(&s.a, IO_NO_INCREMENT, FALSE);
    KeClearEvent(&s.a);
}

static void test_pulse(void **state)
{
    (void)state;
    caught(pulses, "DT-W12", 0);
    passes(sets_instead);
}

/* EVT-033: set or waited for before it was initialized. */
static void set_uninitialized(void *ctx)
{
    KEVENT *e = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *e, TAG);

    (void)ctx;
    KeSetEvent(e, IO_NO_INCREMENT, FALSE);
}

static void reset_uninitialized(void *ctx)
{
    KEVENT *e = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *e, TAG);

    (void)ctx;
    KeResetEvent(e);
}

static void pulse_uninitialized(void *ctx)
{
    KEVENT *e = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *e, TAG);

    (void)ctx;
    KePulseEvent(e, IO_NO_INCREMENT, FALSE);
}

static void wait_uninitialized(void *ctx)
{
    KEVENT *e = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *e, TAG);

    (void)ctx;
    wait_ms(e, 5);
}

static void in_resident_pool(void *ctx)
{
    KEVENT *e = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *e, TAG);

    (void)ctx;
    KeInitializeEvent(e, NotificationEvent, FALSE);
    KeSetEvent(e, IO_NO_INCREMENT, FALSE);
    wait_for(e);
    ExFreePoolWithTag(e, TAG);
}

/* EVT-034: in paged pool; on the stack in a UserMode wait. */
static void in_paged_pool(void *ctx)
{
    KEVENT *e = ExAllocatePool2(POOL_FLAG_PAGED, sizeof *e, TAG);

    (void)ctx;
    KeInitializeEvent(e, NotificationEvent, FALSE);
}

static void wait_on_stack(KPROCESSOR_MODE mode)
{
    KEVENT e;

    KeInitializeEvent(&e, NotificationEvent, TRUE);
    dt_expect_eq(KeWaitForSingleObject(&e, UserRequest, mode, FALSE, NULL), STATUS_SUCCESS);
}

static void user_wait_on_stack(void *ctx)
{
    (void)ctx;
    wait_on_stack(UserMode);
}

static void kernel_wait_on_stack(void *ctx)
{
    (void)ctx;
    wait_on_stack(KernelMode);
}

static void test_storage(void **state)
{
    (void)state;
    caught(set_uninitialized, "DT-W03", 0x0A);
    caught(reset_uninitialized, "DT-W03", 0x0A);
    caught(pulse_uninitialized, "DT-W03", 0x0A);
    caught(wait_uninitialized, "DT-W03", 0x0A);
    caught(in_paged_pool, NULL, 0xC4);
    caught(user_wait_on_stack, "DT-W02", 0xC4);
    passes(in_resident_pool);
    passes(kernel_wait_on_stack);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_level_codes),
        cmocka_unit_test(test_object_codes),
        cmocka_unit_test(test_not_followed),
        cmocka_unit_test(test_pulse),
        cmocka_unit_test(test_storage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
