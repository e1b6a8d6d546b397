/* SPDX-License-Identifier: MIT */
/* Priorities: THR-021 .. THR-029. Order holds on the simulated machine only: in real time the host decides who runs. */
#include "../machine.h"

static struct {
    LONG   ran, order[4];
    KEVENT event, done;
    bool   woken, in_between;
    LONG   priority[3];
} s;

static void begin(void)
{
    memset(&s, 0, sizeof s);
    KeInitializeEvent(&s.event, SynchronizationEvent, FALSE);
    KeInitializeEvent(&s.done, NotificationEvent, FALSE);
}

static void on_one_processor(dt_body *body, unsigned bound)
{
    struct dt_config cfg = config(1);

    if (simulated())
        always_with(&cfg, body, bound);
}

/* ---- values ---- */

/* THR-021, THR-022 */
static void values(void *ctx)
{
    PKTHREAD self = KeGetCurrentThread();

    (void)ctx;
    dt_expect_eq(LOW_REALTIME_PRIORITY, 16);
    dt_expect_eq(HIGH_PRIORITY, 31);
    dt_expect_eq(KeSetPriorityThread(self, 1), 8);
    for (KPRIORITY p = 2; p <= HIGH_PRIORITY; p++) {
        dt_expect_eq(KeSetPriorityThread(self, p), p - 1);
        dt_expect_eq(KeQueryPriorityThread(self), p);
    }
}

/* THR-024: relative to the system process, whose base is 8, within its class. */
static void base_values(void *ctx)
{
    PKTHREAD self = KeGetCurrentThread();

    (void)ctx;
    dt_expect_eq(KeSetBasePriorityThread(self, 2), 0);
    dt_expect_eq(KeQueryPriorityThread(self), 10);
    dt_expect_eq(KeSetBasePriorityThread(self, -3), 2);
    dt_expect_eq(KeQueryPriorityThread(self), 5);
    dt_expect_eq(KeSetBasePriorityThread(self, 30), -3);
    dt_expect_eq(KeQueryPriorityThread(self), 15);
    dt_expect_eq(KeSetBasePriorityThread(self, -30), 7);
    dt_expect_eq(KeQueryPriorityThread(self), 1);
    dt_expect_eq(KeSetBasePriorityThread(self, 0), -7);
}

static void test_values(void **state)
{
    (void)state;
    passes(values);
    passes(base_values);
}

static void low_priority(void *ctx)
{
    (void)ctx;
    KeSetPriorityThread(KeGetCurrentThread(), LOW_PRIORITY);
}

static void no_priority(void *ctx)
{
    (void)ctx;
    KeSetPriorityThread(KeGetCurrentThread(), HIGH_PRIORITY + 1);
}

static void set_raised(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    KeRaiseIrql(APC_LEVEL, &irql);
    KeSetPriorityThread(KeGetCurrentThread(), 9);
}

static void test_misuse(void **state)
{
    (void)state;
    caught(low_priority, "DT-H01", 0);
    caught(no_priority, "DT-H01", 0);
    caught(set_raised, "DT-I01", 0x0A);
}

/* ---- who runs ---- */

static void note_run(void *ctx)
{
    s.order[InterlockedIncrement(&s.ran) - 1] = (LONG)(LONG_PTR)ctx;
}

static void spawn(LONG priority)
{
    dt_spawn_priority(0, (unsigned)priority, note_run, (void *)(LONG_PTR)priority);
}

/* THR-023: the other one runs before the call returns. */
static void lowers_itself(void *ctx)
{
    (void)ctx;
    begin();
    spawn(7);
    KeReadStateEvent(&s.event);
    dt_expect_eq(s.ran, 0);
    KeSetPriorityThread(KeGetCurrentThread(), 7); /* not below: it may go on */
    KeSetPriorityThread(KeGetCurrentThread(), 6);
    dt_expect_eq(s.ran, 1);
    dt_join_all();
}

/* THR-025: real-time threads before all others, each by its priority. */
static void by_priority(void *ctx)
{
    (void)ctx;
    begin();
    KeSetPriorityThread(KeGetCurrentThread(), HIGH_PRIORITY);
    spawn(9);
    spawn(15);
    spawn(17);
    spawn(16);
    dt_expect_eq(s.ran, 0);
    dt_join_all();
    dt_expect(s.order[0] == 17 && s.order[1] == 16 && s.order[2] == 15 && s.order[3] == 9);
}

static void test_order(void **state)
{
    (void)state;
    on_one_processor(lowers_itself, 2);
    on_one_processor(by_priority, 2);
}

/* THR-026: of two equal ones, neither has to wait until the other blocks. */
static bool shared;

static void goes_on(void *ctx)
{
    (void)ctx;
    s.ran++;
    for (int i = 0; i < 3; i++)
        KeReadStateEvent(&s.event);
    if (s.ran == 2)
        shared = true;
    sleep_ms(1);
}

static void equal_ones(void *ctx)
{
    (void)ctx;
    begin();
    dt_spawn(0, goes_on, NULL);
    dt_spawn(0, goes_on, NULL);
    dt_join_all();
}

/* THR-027: of one that is lower, no schedule lets it in; a higher one comes at once. */
static void real_time(void *ctx)
{
    (void)ctx;
    for (int i = 0; i < 3; i++) {
        KeReadStateEvent(&s.event);
        dt_expect_eq(s.ran, 0);
    }
    spawn(21);
    dt_expect(s.ran == 1 && s.order[0] == 21);
}

static void real_time_and_lower(void *ctx)
{
    (void)ctx;
    begin();
    KeSetPriorityThread(KeGetCurrentThread(), HIGH_PRIORITY);
    spawn(19);
    spawn(8);
    dt_spawn_priority(0, 20, real_time, NULL);
    dt_join_all();
}

static void test_sharing(void **state)
{
    struct dt_config cfg = config(1);

    (void)state;
    if (simulated()) {
        shared = false;
        always_with(&cfg, equal_ones, 1);
        assert_true(shared);
    }
    on_one_processor(real_time_and_lower, 2);
}

/* THR-028: the woken one runs before the call returns, or when IRQL drops. */
static void wakes(void *ctx)
{
    (void)ctx;
    wait_for(&s.event);
    s.woken = true;
    wait_for(&s.event);
    s.woken = false;
}

static void preempted(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin();
    dt_spawn_priority(0, 12, wakes, NULL);
    KeSetEvent(&s.event, IO_NO_INCREMENT, FALSE);
    dt_expect(s.woken);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeSetEvent(&s.event, IO_NO_INCREMENT, FALSE);
    dt_expect(s.woken);
    KeLowerIrql(irql);
    dt_expect(!s.woken);
    dt_join_all();
}

static void preempted_at_apc_level(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin();
    dt_spawn_priority(0, 12, wakes, NULL);
    KeRaiseIrql(APC_LEVEL, &irql);
    KeSetEvent(&s.event, IO_NO_INCREMENT, FALSE);
    dt_expect(s.woken);
    KeLowerIrql(irql);
    KeSetEvent(&s.event, IO_NO_INCREMENT, FALSE);
    dt_join_all();
}

static void test_preemption(void **state)
{
    (void)state;
    on_one_processor(preempted, 2);
    on_one_processor(preempted_at_apc_level, 2);
}

/* ---- THR-029: boosts ---- */

static void read_priority(void *ctx)
{
    for (int i = 0; i < 3; i++) {
        wait_for(&s.event);
        s.priority[i] = KeQueryPriorityThread(KeGetCurrentThread());
        KeSetEvent(&s.done, IO_NO_INCREMENT, FALSE);
    }
    (void)ctx;
}

static void boost(KPRIORITY increment)
{
    dt_run_until_idle();
    KeSetEvent(&s.event, increment, FALSE);
    wait_for(&s.done);
    KeClearEvent(&s.done);
}

static void boosted(unsigned base)
{
    begin();
    dt_spawn_priority(DT_ANY_PROCESSOR, base, read_priority, NULL);
    boost(2);
    boost(12);
    boost(0);
    dt_join_all();
}

static void boosts(void *ctx)
{
    (void)ctx;
    boosted(8);
    dt_expect(s.priority[0] == 10 && s.priority[1] == 15 && s.priority[2] == 8);
    boosted(18);
    dt_expect(s.priority[0] == 18 && s.priority[1] == 18 && s.priority[2] == 18);
}

static void test_boosts(void **state)
{
    (void)state;
    passes(boosts);
}

/* MTX-016: with the mutex it gives up what its release had boosted, and is one of equals again (THR-026). */
static KMUTEX mutex;
static bool   equal_again;

static void boosted_owner(void *ctx)
{
    (void)ctx;
    wait_for(&mutex);
    dt_expect(KeQueryPriorityThread(KeGetCurrentThread()) > 8 && !s.in_between);
    KeReleaseMutex(&mutex, FALSE);
    dt_expect_eq(KeQueryPriorityThread(KeGetCurrentThread()), 8);
    for (int i = 0; i < 3; i++)
        KeReadStateEvent(&s.event);
    equal_again |= s.in_between;
}

static void mutex_boost(void *ctx)
{
    (void)ctx;
    begin();
    s.in_between = false;
    KeInitializeMutex(&mutex, 0);
    wait_for(&mutex);
    dt_spawn(0, boosted_owner, NULL);
    sleep_ms(1);
    KeReleaseMutex(&mutex, FALSE);
    s.in_between = true;
    dt_join_all();
}

static void test_mutex_boost(void **state)
{
    (void)state;
    equal_again = false;
    on_one_processor(mutex_boost, 1);
    if (simulated())
        assert_true(equal_again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_misuse),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_sharing),
        cmocka_unit_test(test_preemption),
        cmocka_unit_test(test_boosts),
        cmocka_unit_test(test_mutex_boost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
