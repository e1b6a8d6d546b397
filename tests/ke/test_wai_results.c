/* SPDX-License-Identifier: MIT */
/* Waits for one object: results, order of checks, time-outs; KeDelayExecutionThread; who may wait. */
#include "../machine.h"

static struct {
    KEVENT     note, sync;
    KSEMAPHORE sem;
    KMUTEX     mutex;
    KTIMER     timer;
    FAST_MUTEX fast;
    KDPC       dpc;
    NTSTATUS   status;
    LONG       count;
    bool       flag;
    uint64_t   from, to;
    PKTHREAD   self;
} s;

static void begin(void)
{
    memset(&s, 0, sizeof s);
    KeInitializeEvent(&s.note, NotificationEvent, FALSE);
    KeInitializeEvent(&s.sync, SynchronizationEvent, FALSE);
    KeInitializeSemaphore(&s.sem, 0, 5);
    KeInitializeMutex(&s.mutex, 0);
    KeInitializeTimer(&s.timer);
    ExInitializeFastMutex(&s.fast);
}

static NTSTATUS wait_until(PVOID object, int64_t due)
{
    LARGE_INTEGER t = {.QuadPart = due}, copy = t;
    NTSTATUS      status = KeWaitForSingleObject(object, Executive, KernelMode, FALSE, &t);

    dt_expect_eq(t.QuadPart, copy.QuadPart); /* WAI-011: read only */
    return status;
}

static void signal_all(void)
{
    KeSetEvent(&s.note, IO_NO_INCREMENT, FALSE);
    KeSetEvent(&s.sync, IO_NO_INCREMENT, FALSE);
    KeReleaseSemaphore(&s.sem, IO_NO_INCREMENT, 2, FALSE);
}

/* WAI-001, WAI-002, WAI-003, WAI-011: signaled or not, with and without a time-out. */
static void results(void *ctx)
{
    PVOID objects[] = {&s.note, &s.sync, &s.sem, &s.timer};

    (void)ctx;
    begin();
    for (unsigned i = 0; i < 4; i++)
        dt_expect_eq(wait_until(objects[i], 0), STATUS_TIMEOUT);
    dt_expect(!KeReadStateEvent(&s.sync) && KeReadStateSemaphore(&s.sem) == 0);
    signal_all();
    dt_expect_eq(wait_until(&s.note, 0), STATUS_SUCCESS);
    dt_expect_eq(wait_until(&s.note, -10000), STATUS_SUCCESS);
    wait_for(&s.note);
    dt_expect_eq(KeReadStateEvent(&s.note), 1); /* unchanged */
    wait_for(&s.sync);
    dt_expect_eq(KeReadStateEvent(&s.sync), 0);
    wait_for(&s.sem);
    dt_expect_eq(KeReadStateSemaphore(&s.sem), 1);
    dt_expect_eq(wait_until(&s.sem, 0), STATUS_SUCCESS);
    dt_expect_eq(KeReadStateSemaphore(&s.sem), 0);
    wait_for(&s.mutex);
    dt_expect_eq(KeReadStateMutex(&s.mutex), 0);
    KeReleaseMutex(&s.mutex, FALSE);
}

/* WAI-007: the object is looked at before the time-out. */
static void object_first(void *ctx)
{
    (void)ctx;
    begin();
    signal_all();
    dt_expect_eq(wait_until(&s.sync, 1), STATUS_SUCCESS); /* long past */
    dt_expect_eq(wait_until(&s.sync, 1), STATUS_TIMEOUT);
    dt_expect_eq(wait_until(&s.sem, 0), STATUS_SUCCESS);
}

/* WAI-046: the reason says nothing to the kernel. */
static void any_reason(void *ctx)
{
    static const KWAIT_REASON reasons[] = {Executive, UserRequest, DelayExecution, WrExecutive};
    LARGE_INTEGER             zero = {.QuadPart = 0};

    (void)ctx;
    begin();
    for (unsigned i = 0; i < 4; i++) {
        dt_expect_eq(KeWaitForSingleObject(&s.sync, reasons[i], KernelMode, FALSE, &zero), STATUS_TIMEOUT);
        KeSetEvent(&s.sync, IO_NO_INCREMENT, FALSE);
        dt_expect_eq(KeWaitForSingleObject(&s.sync, reasons[i], KernelMode, FALSE, &zero), STATUS_SUCCESS);
    }
}

static void test_results(void **state)
{
    (void)state;
    passes(results);
    passes(object_first);
    passes(any_reason);
}

/* ---- time-outs ---- */

/* WAI-004: no time-out, no end; WAI-005, WAI-009: relative ones end within a tick of the interval. */
static void sets_later(void *ctx)
{
    (void)ctx;
    sleep_ms(simulated() ? 100000 : 50);
    s.flag = true;
    KeSetEvent(&s.note, IO_NO_INCREMENT, FALSE);
}

static void for_ever(void *ctx)
{
    (void)ctx;
    begin();
    dt_spawn(1, sets_later, NULL);
    wait_for(&s.note);
    dt_expect(s.flag);
    dt_join_all();
}

static void relative(void *ctx)
{
    (void)ctx;
    begin();
    for (int64_t ms = 1; ms <= 16; ms *= 4) {
        uint64_t from = KeQueryInterruptTime();

        dt_expect_eq(wait_ms(&s.note, ms), STATUS_TIMEOUT);
        uint64_t took = KeQueryInterruptTime() - from;

        dt_expect(took + TICK_1MS >= (uint64_t)ms * 10000);
        if (simulated())
            dt_expect(took <= (uint64_t)ms * 10000 + TICK_1MS);
    }
}

/* WAI-005, WAI-006: absolute ones end at that time, or at once when it is past. */
static void absolute(void *ctx)
{
    LARGE_INTEGER now;

    (void)ctx;
    begin();
    dt_expect_eq(wait_until(&s.note, 1), STATUS_TIMEOUT);
    KeQuerySystemTime(&now);
    dt_expect_eq(wait_until(&s.note, now.QuadPart - 1), STATUS_TIMEOUT);
    dt_expect_eq(wait_until(&s.note, now.QuadPart + 50000), STATUS_TIMEOUT);
    LARGE_INTEGER then;

    KeQuerySystemTime(&then);
    dt_expect(then.QuadPart >= now.QuadPart + 50000);
    if (simulated())
        dt_expect(then.QuadPart <= now.QuadPart + 50000 + 4 * TICK_1MS);
}

/* WAI-005, WAI-069: when the time of day is set, absolute time-outs and delays follow, relative ones do not. */
static void sets_clock(void *ctx)
{
    LARGE_INTEGER now;

    sleep_ms(2);
    KeQuerySystemTime(&now);
    dt_set_system_time((uint64_t)now.QuadPart + (uint64_t)(LONG_PTR)ctx * 10000);
}

static uint64_t wait_while_clock_is_set(bool is_absolute, bool is_delay, LONG_PTR forward_ms)
{
    LARGE_INTEGER t = in_ms(40);
    uint64_t      from = KeQueryInterruptTime();

    begin();
    if (is_absolute) {
        KeQuerySystemTime(&t);
        t.QuadPart += 400000;
    }
    dt_spawn(1, sets_clock, (void *)forward_ms);
    if (is_delay)
        dt_expect_eq(KeDelayExecutionThread(KernelMode, FALSE, &t), STATUS_SUCCESS);
    else
        dt_expect_eq(KeWaitForSingleObject(&s.note, Executive, KernelMode, FALSE, &t), STATUS_TIMEOUT);
    dt_join_all();
    return (KeQueryInterruptTime() - from) / 10000;
}

static void clock_set(void *ctx)
{
    (void)ctx;
    for (int delay = 0; delay < 2; delay++) {
        uint64_t back = wait_while_clock_is_set(true, delay, -30), same = wait_while_clock_is_set(false, delay, 30);

        dt_expect(wait_while_clock_is_set(true, delay, 30) <= 15);
        dt_expect(back >= 69 && back <= 75);
        dt_expect(same >= 39 && same <= 45);
    }
}

static void test_timeouts(void **state)
{
    (void)state;
    if (simulated())
        passes(clock_set);
    passes(for_ever);
    passes(relative);
    passes(absolute);
}

/* WAI-008: a signal and the time-out race: exactly one wins, and only the winner has the object. */
static bool signal_won, timeout_won;

static void sets_sync(void *ctx)
{
    (void)ctx;
    sleep_ms(1);
    KeSetEvent(&s.sync, IO_NO_INCREMENT, FALSE);
}

static void signal_against_timeout(void *ctx)
{
    (void)ctx;
    begin();
    dt_spawn(1, sets_sync, NULL);
    NTSTATUS status = wait_ms(&s.sync, 1);

    dt_join_all();
    dt_expect(status == STATUS_SUCCESS || status == STATUS_TIMEOUT);
    dt_expect_eq(KeReadStateEvent(&s.sync), status == STATUS_TIMEOUT);
    *(status == STATUS_SUCCESS ? &signal_won : &timeout_won) = true;
}

/* WAI-079: the same with a timer that is due at the same tick. */
static bool timer_won, timer_lost;

static void timer_against_timeout(void *ctx)
{
    (void)ctx;
    begin();
    KeInitializeTimerEx(&s.timer, SynchronizationTimer);
    KeSetTimer(&s.timer, in_ms(2), NULL);
    NTSTATUS status = wait_ms(&s.timer, 2);

    dt_expect(status == STATUS_SUCCESS || status == STATUS_TIMEOUT);
    sleep_ms(4); /* it has expired in any case */
    dt_expect_eq(KeReadStateTimer(&s.timer), status == STATUS_TIMEOUT);
    *(status == STATUS_SUCCESS ? &timer_won : &timer_lost) = true;
}

static void test_races(void **state)
{
    (void)state;
    always(signal_against_timeout, 2);
    always(timer_against_timeout, 2);
    if (simulated()) {
        assert_true(signal_won && timeout_won);
        assert_true(timer_won || timer_lost);
    }
}

/* ---- IRQL ---- */

static KDEFERRED_ROUTINE polls_in_dpc;

static VOID polls_in_dpc(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    dt_expect_eq(poll(&s.note), STATUS_TIMEOUT);
    KeSetEvent(&s.sync, IO_NO_INCREMENT, FALSE);
    dt_expect_eq(poll(&s.sync), STATUS_SUCCESS);
    s.flag = true;
}

/* WAI-014, WAI-037: IRQL is the same afterwards; a time-out of zero is fine at DISPATCH_LEVEL, in DPCs too. */
static void levels(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin();
    for (KIRQL level = PASSIVE_LEVEL; level <= APC_LEVEL; level++) {
        KeRaiseIrql(level, &irql);
        dt_expect_eq(wait_ms(&s.note, 2), STATUS_TIMEOUT);
        dt_expect_eq(KeGetCurrentIrql(), level);
        KeSetEvent(&s.sync, IO_NO_INCREMENT, FALSE);
        wait_for(&s.sync);
        dt_expect_eq(KeGetCurrentIrql(), level);
        KeLowerIrql(irql);
    }
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    dt_expect_eq(poll(&s.note), STATUS_TIMEOUT);
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeLowerIrql(irql);
    KeInitializeDpc(&s.dpc, polls_in_dpc, NULL);
    KeInsertQueueDpc(&s.dpc, NULL, NULL);
    KeFlushQueuedDpcs();
    dt_expect(s.flag);
}

/* WAI-045: holding a fast mutex (APC_LEVEL) one may wait. */
static void under_fast_mutex(void *ctx)
{
    (void)ctx;
    begin();
    ExAcquireFastMutex(&s.fast);
    dt_expect_eq(wait_ms(&s.note, 2), STATUS_TIMEOUT);
    dt_expect_eq(KeGetCurrentIrql(), APC_LEVEL);
    ExReleaseFastMutex(&s.fast);
}

static void test_levels(void **state)
{
    (void)state;
    passes(levels);
    passes(under_fast_mutex);
}

/* ---- threads ---- */

static void ends(void *ctx)
{
    (void)ctx;
    s.self = KeGetCurrentThread();
    ObReferenceObject(s.self);
    dt_expect_eq(poll(s.self), STATUS_TIMEOUT); /* WAI-015 */
}

/* WAI-016: a thread that has ended satisfies every wait. */
static void ended_thread(void *ctx)
{
    (void)ctx;
    begin();
    dt_join(dt_spawn(1, ends, NULL));
    for (int i = 0; i < 3; i++) {
        dt_expect_eq(poll(s.self), STATUS_SUCCESS);
        wait_for(s.self);
    }
    ObDereferenceObject(s.self);
}

static void waits_for_itself(void *ctx)
{
    (void)ctx;
    wait_for(KeGetCurrentThread());
}

static void test_threads(void **state)
{
    (void)state;
    passes(ended_thread);
    if (simulated())
        caught(waits_for_itself, "DT-L17", 0);
}

/* ---- KeDelayExecutionThread ---- */

static NTSTATUS delay(int64_t interval)
{
    LARGE_INTEGER t = {.QuadPart = interval};

    return KeDelayExecutionThread(KernelMode, FALSE, &t);
}

/* WAI-067, WAI-068: success, never early, up to a tick late. */
static void delays(void *ctx)
{
    (void)ctx;
    for (int64_t interval = 1000; interval <= 200000; interval *= 3) {
        ULONG64 qpc;
        KeStallExecutionProcessor(300); /* off the tick */
        uint64_t from = KeQueryInterruptTimePrecise(&qpc);

        dt_expect_eq(delay(-interval), STATUS_SUCCESS);
        uint64_t took = KeQueryInterruptTimePrecise(&qpc) - from;

        dt_expect(took >= (uint64_t)interval);
        if (simulated())
            dt_expect(took <= (uint64_t)interval + TICK_1MS);
    }
}

/* WAI-069: a positive interval is a time of day. */
static void delay_until(void *ctx)
{
    LARGE_INTEGER now, then;

    (void)ctx;
    KeQuerySystemTime(&now);
    dt_expect_eq(delay(now.QuadPart + 100000), STATUS_SUCCESS);
    KeQuerySystemTime(&then);
    dt_expect(then.QuadPart >= now.QuadPart + 100000);
    dt_expect_eq(delay(1), STATUS_SUCCESS);
}

/* WAI-073: with NT's default tick, 1 ms lasts up to a tick longer. */
static void short_delay(void *ctx)
{
    ULONG64 qpc;

    (void)ctx;
    sleep_ms(5);
    uint64_t from = KeQueryInterruptTimePrecise(&qpc);

    dt_expect_eq(delay(-10000), STATUS_SUCCESS);
    uint64_t took = KeQueryInterruptTimePrecise(&qpc) - from;

    dt_expect(took >= 10000);
    if (simulated())
        dt_expect(took <= 10000 + 156250);
}

/* WAI-070: an interval of zero lets an equal thread in and comes back. */
static void equal_thread(void *ctx)
{
    (void)ctx;
    s.flag = true;
}

static void yields(void *ctx)
{
    (void)ctx;
    begin();
    uint64_t from = KeQueryInterruptTime();

    dt_spawn(0, equal_thread, NULL);
    dt_expect_eq(delay(0), STATUS_SUCCESS);
    if (simulated()) {
        dt_expect(s.flag);
        dt_expect_eq(KeQueryInterruptTime(), from);
    }
    dt_join_all();
}

static void test_delay(void **state)
{
    struct dt_config one = config(1), slow = config(1);

    (void)state;
    passes(delays);
    passes(delay_until);
    slow.tick_100ns = DT_TICK_DEFAULT;
    passes_with(&slow, short_delay);
    passes_with(&one, yields);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_results),
        cmocka_unit_test(test_timeouts),
        cmocka_unit_test(test_races),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_delay),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
