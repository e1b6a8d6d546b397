/* SPDX-License-Identifier: MIT */
/* Events: values, states, what a set, a reset and a pulse do to waiters. */
#define PROCESSORS_MIN 2 /* the bodies name processors */

#include "../machine.h"

static struct {
    KEVENT a, b;
    LONG   released, order[4];
    LONG   priority;
    bool   setter_done;
} s;

static void begin(EVENT_TYPE type, BOOLEAN state)
{
    memset(&s, 0, sizeof s);
    KeInitializeEvent(&s.a, type, state);
    KeInitializeEvent(&s.b, NotificationEvent, FALSE);
}

/* EVT-001, EVT-002, EVT-040: type, state, size, an empty wait list; at any IRQL. */
static void initialized(EVENT_TYPE type, BOOLEAN state)
{
    KIRQL irql;

    begin(type, state);
    dt_expect_eq(s.a.Header.Type, type == NotificationEvent ? 0 : 1);
    dt_expect_eq(s.a.Header.SignalState, state);
    dt_expect_eq(KeReadStateEvent(&s.a) != 0, state);
    dt_expect(IsListEmpty(&s.a.Header.WaitListHead));
    KeRaiseIrql(HIGH_LEVEL, &irql);
    KeInitializeEvent(&s.a, type, !state);
    KeLowerIrql(irql);
    dt_expect_eq(KeReadStateEvent(&s.a) != 0, !state);
}

static void initialize(void *ctx)
{
    (void)ctx;
    initialized(NotificationEvent, FALSE);
    initialized(NotificationEvent, TRUE);
    initialized(SynchronizationEvent, FALSE);
    initialized(SynchronizationEvent, TRUE);
    dt_expect_eq(EVENT_INCREMENT, 1);
    dt_expect_eq(IO_NO_INCREMENT, 0);
}

static void test_initialize(void **state)
{
    (void)state;
    passes(initialize);
}

/* EVT-003, EVT-004, EVT-005, EVT-006, EVT-007, EVT-016: previous states, no count, reads consume nothing, IRQL as before. */
static void values(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin(SynchronizationEvent, FALSE);
    dt_expect_eq(KeSetEvent(&s.a, IO_NO_INCREMENT, FALSE), 0);
    dt_expect_eq(KeSetEvent(&s.a, IO_NO_INCREMENT, FALSE), 1);
    for (int i = 0; i < 3; i++)
        dt_expect(KeReadStateEvent(&s.a) != 0);
    dt_expect_eq(poll(&s.a), STATUS_SUCCESS);
    dt_expect_eq(poll(&s.a), STATUS_TIMEOUT);

    s.a.Header.SignalState = 0x1234; /* the raw value comes back */
    dt_expect_eq(KeResetEvent(&s.a), 0x1234);
    dt_expect_eq(KeResetEvent(&s.a), 0);
    s.a.Header.SignalState = 0x77;
    dt_expect_eq(KeSetEvent(&s.a, IO_NO_INCREMENT, FALSE), 0x77);
    KeClearEvent(&s.a);
    dt_expect_eq(s.a.Header.SignalState, 0);

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    dt_expect_eq(KeSetEvent(&s.a, IO_NO_INCREMENT, FALSE), 0);
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeLowerIrql(irql);
    KeRaiseIrql(APC_LEVEL, &irql);
    dt_expect_eq(KeResetEvent(&s.a), 1);
    dt_expect_eq(KeGetCurrentIrql(), APC_LEVEL);
    KeLowerIrql(irql);
    dt_expect_eq(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

static void test_values(void **state)
{
    (void)state;
    passes(values);
}

/* EVT-009: an interrupt service routine may read the state at its level. */
static void read_at_device_level(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin(NotificationEvent, TRUE);
    KeRaiseIrql(5, &irql);
    dt_expect(KeReadStateEvent(&s.a) != 0);
    KeLowerIrql(irql);
}

static void test_read_at_device_level(void **state)
{
    (void)state;
    passes(read_at_device_level);
}

/* ---- waiters ---- */

static void waiter(void *ctx)
{
    wait_for(&s.a);
    LONG n = InterlockedIncrement(&s.released);

    if (n <= 4)
        __atomic_store_n(&s.order[n - 1], (LONG)(LONG_PTR)ctx, __ATOMIC_RELEASE);
}

static void start_waiters(LONG n)
{
    for (LONG_PTR i = 1; i <= n; i++) {
        dt_spawn(1, waiter, (void *)i);
        settle(); /* it waits now */
    }
}

/* EVT-010: all waiters, and the event stays signaled until it is cleared. */
static void notification(void *ctx)
{
    (void)ctx;
    begin(NotificationEvent, FALSE);
    start_waiters(3);
    KeSetEvent(&s.a, IO_NO_INCREMENT, FALSE);
    dt_join_all();
    dt_expect_eq(s.released, 3);
    dt_expect_eq(poll(&s.a), STATUS_SUCCESS);
    dt_expect_eq(poll(&s.a), STATUS_SUCCESS);
    KeClearEvent(&s.a);
    dt_expect_eq(poll(&s.a), STATUS_TIMEOUT);
}

static void test_notification(void **state)
{
    (void)state;
    passes(notification);
    if (simulated())
        always(notification, 1);
}

/* EVT-011, EVT-012, EVT-013: one waiter for each set, first come first served; without a waiter it stays for one wait. */
static void synchronization(void *ctx)
{
    (void)ctx;
    begin(SynchronizationEvent, FALSE);
    start_waiters(3);
    for (LONG n = 1; n <= 3; n++) {
        KeSetEvent(&s.a, IO_NO_INCREMENT, FALSE);
        dt_expect_eq(KeReadStateEvent(&s.a), 0);
        while (!__atomic_load_n(&s.order[n - 1], __ATOMIC_ACQUIRE))
            sleep_ms(1);
        dt_expect_eq(InterlockedAdd(&s.released, 0), n);
        dt_expect_eq(__atomic_load_n(&s.order[n - 1], __ATOMIC_ACQUIRE), n);
    }
    dt_join_all();
    KeSetEvent(&s.a, IO_NO_INCREMENT, FALSE);
    dt_expect_eq(KeReadStateEvent(&s.a), 1);
    dt_expect_eq(poll(&s.a), STATUS_SUCCESS);
    dt_expect_eq(poll(&s.a), STATUS_TIMEOUT);
}

static void test_synchronization(void **state)
{
    (void)state;
    passes(synchronization);
}

/* EVT-026, EVT-027, EVT-028: a pulse releases all or one, and leaves nothing behind. */
static void pulse_releases(EVENT_TYPE type, LONG released)
{
    begin(type, FALSE);
    start_waiters(2);
    dt_expect_eq(KePulseEvent(&s.a, IO_NO_INCREMENT, FALSE), 0);
    dt_expect_eq(KeReadStateEvent(&s.a), 0);
    settle();
    dt_expect_eq(s.released, released);
    dt_expect_eq(poll(&s.a), STATUS_TIMEOUT);
    KePulseEvent(&s.a, IO_NO_INCREMENT, FALSE);
    dt_join_all();
    KeSetEvent(&s.a, IO_NO_INCREMENT, FALSE);
    dt_expect_eq(KePulseEvent(&s.a, IO_NO_INCREMENT, FALSE), 1);
    dt_expect_eq(poll(&s.a), STATUS_TIMEOUT);
}

static void pulse(void *ctx)
{
    (void)ctx;
    pulse_releases(NotificationEvent, 2);
    pulse_releases(SynchronizationEvent, 1);
}

static void test_pulse(void **state)
{
    struct dt_config cfg = config(2);

    (void)state;
    cfg.faithful = true; /* DT-W12 warns of any pulse */
    passes_with(&cfg, pulse);
}

/* ---- boosts ---- */

static void notes_priority(void *ctx)
{
    KeSetPriorityThread(KeGetCurrentThread(), (KPRIORITY)(LONG_PTR)ctx);
    wait_for(&s.a);
    s.priority = KeQueryPriorityThread(KeGetCurrentThread());
}

static LONG boosted(KPRIORITY base, KPRIORITY increment)
{
    begin(NotificationEvent, FALSE);
    dt_thread *t = dt_spawn(1, notes_priority, (void *)(LONG_PTR)base);

    settle();
    KeSetEvent(&s.a, increment, FALSE);
    dt_join(t);
    return s.priority;
}

/* EVT-022, EVT-025: base + increment, at most 15; not for negative increments, not for real-time priorities. */
static void boosts(void *ctx)
{
    (void)ctx;
    dt_expect_eq(boosted(8, 0), 8);
    dt_expect_eq(boosted(8, 1), 9);
    dt_expect_eq(boosted(8, 6), 14);
    dt_expect_eq(boosted(8, 7), 15);
    dt_expect_eq(boosted(8, 50), 15);
    dt_expect_eq(boosted(8, -3), 8);
    dt_expect_eq(boosted(16, 6), 16);
    dt_expect_eq(boosted(24, 1), 24);
}

static void test_boosts(void **state)
{
    (void)state;
    passes(boosts);
}

/* EVT-023, EVT-024: on one processor a boosted waiter runs before its setter goes on; without a boost either may. */
static void looks_at_setter(void *ctx)
{
    (void)ctx;
    wait_for(&s.a);
    s.released = s.setter_done ? 2 : 1;
}

static void set_and_go_on(KPRIORITY increment)
{
    begin(NotificationEvent, FALSE);
    dt_spawn(0, looks_at_setter, NULL);
    sleep_ms(1);
    KeSetEvent(&s.a, increment, FALSE);
    s.setter_done = true;
    dt_join_all();
}

static bool setter_first, waiter_first;

static void boosted_runs_first(void *ctx)
{
    (void)ctx;
    set_and_go_on(EVENT_INCREMENT);
    dt_expect_eq(s.released, 1);
}

static void either_first(void *ctx)
{
    (void)ctx;
    set_and_go_on(IO_NO_INCREMENT);
    if (s.released == 1)
        waiter_first = true;
    else
        setter_first = true;
}

static void test_who_runs_first(void **state)
{
    struct dt_config cfg = config(1);

    (void)state;
    if (!simulated())
        return; /* priorities are the simulated machine's */
    always_with(&cfg, boosted_runs_first, 1);
    always_with(&cfg, either_first, 1);
    assert_true(setter_first && waiter_first);
}

/* ---- Wait = TRUE ---- */

/* EVT-017, EVT-015: IRQL stays up until the wait, which goes back to where the set was made. */
static void pair_at(KIRQL level)
{
    KIRQL irql;

    begin(NotificationEvent, FALSE);
    KeSetEvent(&s.b, IO_NO_INCREMENT, FALSE);
    KeRaiseIrql(level, &irql);
    dt_expect_eq(KeSetEvent(&s.a, IO_NO_INCREMENT, TRUE), 0);
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    dt_expect_eq(KeWaitForSingleObject(&s.b, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    dt_expect_eq(KeGetCurrentIrql(), level);
    KeClearEvent(&s.b);
    KeSetEvent(&s.a, IO_NO_INCREMENT, TRUE);
    dt_expect_eq(wait_ms(&s.b, 2), STATUS_TIMEOUT); /* it blocks */
    dt_expect_eq(KeGetCurrentIrql(), level);
    KeLowerIrql(irql);
}

static void pairs(void *ctx)
{
    (void)ctx;
    pair_at(PASSIVE_LEVEL);
    pair_at(APC_LEVEL);
}

static void test_pairs(void **state)
{
    (void)state;
    passes(pairs);
    if (simulated())
        always(pairs, 1);
}

/* EVT-019: nothing else runs here between set and wait; another processor may run what was released. */
static bool ran_elsewhere;

static void released_thread(void *ctx)
{
    (void)ctx;
    wait_for(&s.a);
    s.released = 1;
    KeSetEvent(&s.b, IO_NO_INCREMENT, FALSE);
}

static void between(int processor)
{
    begin(NotificationEvent, FALSE);
    KeSetSystemAffinityThread(1);
    dt_spawn_priority(processor, 12, released_thread, NULL);
    sleep_ms(1);
    KeSetEvent(&s.a, 3, TRUE);
    if (processor == 0)
        dt_expect_eq(s.released, 0);
    else if (s.released)
        ran_elsewhere = true;
    wait_for(&s.b);
    dt_join_all();
}

static void between_here(void *ctx)
{
    (void)ctx;
    between(0);
}

static void between_elsewhere(void *ctx)
{
    (void)ctx;
    between(1);
}

/* Another thread at DISPATCH_LEVEL owes nobody a wait. */
static void calls_at_dispatch(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeReadStateEvent(&s.a);
    KeSetEvent(&s.b, IO_NO_INCREMENT, FALSE);
    KeLowerIrql(irql);
}

static void beside_a_pair(void *ctx)
{
    (void)ctx;
    begin(NotificationEvent, FALSE);
    dt_spawn(1, calls_at_dispatch, NULL);
    KeSetEvent(&s.a, IO_NO_INCREMENT, TRUE);
    wait_for(&s.b);
    dt_join_all();
}

static void test_between(void **state)
{
    (void)state;
    if (!simulated())
        return; /* the real-time machine has no priorities */
    always(beside_a_pair, 2);
    always(between_here, 2);
    reached(between_elsewhere, 2, &ran_elsewhere);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_initialize),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_read_at_device_level),
        cmocka_unit_test(test_notification),
        cmocka_unit_test(test_synchronization),
        cmocka_unit_test(test_pulse),
        cmocka_unit_test(test_boosts),
        cmocka_unit_test(test_who_runs_first),
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_between),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
