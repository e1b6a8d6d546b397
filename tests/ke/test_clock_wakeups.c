/* SPDX-License-Identifier: MIT */
/* machines: sim */
/*
 * No clock interrupt that nobody asked for: a machine has no ticks of its own, so that what an idle one does is what its timers ask
 * for. KTM-025, KTM-028, KTM-040, EXT-115, EXT-116.
 */
#include "../machine.h"

#include "base/ev.h"

enum { MS = 10000, MANY = 40 };

static struct {
    unsigned interrupts; /* of the clock, on all processors */
    KTIMER   timer[MANY];
    KEVENT   event;
} s;

static void count(struct ev_observer *self, const struct ev *e)
{
    (void)self, (void)e;
    s.interrupts++;
}

static void takes(dt_body *body, unsigned interrupts)
{
    struct ev_observer o = {.on = count, .mask = EV_BIT(EV_CLOCK)};

    memset(&s, 0, sizeof s);
    ev_subscribe(&o);
    passes(body);
    ev_unsubscribe(&o);
    assert_int_equal(s.interrupts, interrupts);
}

static void begin(void)
{
    for (int i = 0; i < MANY; i++)
        KeInitializeTimer(&s.timer[i]);
    KeInitializeEvent(&s.event, NotificationEvent, FALSE);
}

static BOOLEAN set(int i, int64_t ms)
{
    return KeSetTimer(&s.timer[i], in_ms(ms), NULL);
}

/* ---- bodies ---- */

static void signals(void *ctx)
{
    (void)ctx;
    KeSetEvent(&s.event, IO_NO_INCREMENT, FALSE);
}

static void no_timer(void *ctx)
{
    begin();
    dt_spawn(1, signals, ctx);
    wait_for(&s.event);
    dt_spawn(0, signals, ctx);
    dt_join_all();
}

static void one(void *ctx)
{
    (void)ctx;
    begin();
    set(0, 5);
    wait_for(&s.timer[0]);
}

static void canceled(void *ctx)
{
    (void)ctx;
    begin();
    set(0, 3);
    set(1, 5);
    dt_expect(KeCancelTimer(&s.timer[0]));
    wait_for(&s.timer[1]);
}

/* With few timers left, none of them due then. */
static void few_left(void *ctx)
{
    enum { FEW = 16 };

    (void)ctx;
    begin();
    for (int i = 0; i <= FEW; i++)
        set(i, i ? 5 : 3);
    dt_expect(KeCancelTimer(&s.timer[0]));
    wait_for(&s.timer[FEW]);
}

static void put_off(void *ctx)
{
    (void)ctx;
    begin();
    set(0, 3);
    dt_expect(set(0, 5));
    wait_for(&s.timer[0]);
}

static void brought_forward(void *ctx)
{
    (void)ctx;
    begin();
    set(0, 5);
    dt_expect(set(0, 3));
    wait_for(&s.timer[0]);
    set(0, 5);
    KeCancelTimer(&s.timer[0]);
}

/* In one tick: some after others in 100-ns units, on one processor. */
static void together(void *ctx)
{
    (void)ctx;
    begin();
    for (int i = 0; i < MANY; i++)
        KeSetTimer(&s.timer[i], (LARGE_INTEGER){.QuadPart = -(4 * MS + 17 * i + 1)}, NULL);
    wait_for(&s.timer[MANY - 1]);
    for (int i = 0; i < MANY; i++)
        dt_expect(KeReadStateTimer(&s.timer[i]));
}

static void sets_again(void *ctx)
{
    (void)ctx;
    dt_expect(set(0, 5));
}

static void sets_first(void *ctx)
{
    (void)ctx;
    KeInitializeTimer(&s.timer[0]);
    dt_expect(!set(0, 5));
}

static void cancels(void *ctx)
{
    (void)ctx;
    dt_expect(KeCancelTimer(&s.timer[1]));
}

/* Processor 1 cancels the one timer and takes over the other: nothing is left for processor 0. */
static void moved(void *ctx)
{
    begin();
    KeSetSystemAffinityThread(1);
    set(0, 3);
    set(1, 2);
    dt_join(dt_spawn(1, cancels, ctx));
    dt_join(dt_spawn(1, sets_again, ctx));
    wait_for(&s.timer[0]);
}

static void canceled_elsewhere(void *ctx)
{
    begin();
    KeSetSystemAffinityThread(1);
    set(1, 2);
    dt_join(dt_spawn(1, cancels, ctx));
    dt_join(dt_spawn(1, sets_first, ctx));
    wait_for(&s.timer[0]);
}

static void sets_late(void *ctx)
{
    EXT_SET_PARAMETERS p;

    ExInitializeSetTimerParameters(&p);
    p.NoWakeTolerance = 50 * MS;
    ExSetTimer(ctx, -10 * MS, 0, &p);
}

/* At its due time the processor looks whether it is awake; the end of the tolerance wakes it. */
static void late(void *ctx)
{
    PEX_TIMER timer = ExAllocateTimer(NULL, NULL, EX_TIMER_NO_WAKE);
    dt_ns     before = dt_now();

    (void)ctx;
    dt_join(dt_spawn(1, sets_late, timer));
    wait_for(timer);
    dt_expect_eq(dt_now() - before, DT_MS(60));
    ExDeleteTimer(timer, TRUE, FALSE, NULL);
}

/* EXT-116: without parameters there is no tolerance. */
static void sets_without_parameters(void *ctx)
{
    ExSetTimer(ctx, -10 * MS, 0, NULL);
}

static void not_late(void *ctx)
{
    PEX_TIMER timer = ExAllocateTimer(NULL, NULL, EX_TIMER_NO_WAKE);
    dt_ns     before = dt_now();

    (void)ctx;
    dt_join(dt_spawn(1, sets_without_parameters, timer));
    wait_for(timer);
    dt_expect_eq(dt_now() - before, DT_MS(10));
    ExDeleteTimer(timer, TRUE, FALSE, NULL);
}

/* The run ends while one is late. */
static void stops_when_late(void *ctx)
{
    PEX_TIMER timer = ExAllocateTimer(NULL, NULL, EX_TIMER_NO_WAKE);

    (void)ctx;
    dt_join(dt_spawn(1, sets_late, timer));
    sleep_ms(20);
    KeBugCheckEx(0xE2, 0, 0, 0, 0);
}

/* The due time of an absolute timer comes, or goes, when system time is set. */
static void system_time_set(void *ctx)
{
    LARGE_INTEGER due;

    (void)ctx;
    begin();
    KeQuerySystemTimePrecise(&due);
    due.QuadPart += 5 * MS;
    KeSetTimer(&s.timer[0], due, NULL);
    dt_set_system_time((uint64_t)due.QuadPart - 50 * MS);
    set(1, 20);
    wait_for(&s.timer[1]);
    dt_expect(!KeReadStateTimer(&s.timer[0]));
    dt_set_system_time((uint64_t)due.QuadPart);
    wait_for(&s.timer[0]);
}

static void periodic(void *ctx)
{
    (void)ctx;
    begin();
    KeSetTimerEx(&s.timer[0], in_ms(2), 2, NULL);
    set(1, 9);
    wait_for(&s.timer[1]);
    KeCancelTimer(&s.timer[0]);
}

static void test_wakeups(void **state)
{
    (void)state;
    takes(no_timer, 0);
    takes(one, 1);
    takes(canceled, 1);
    takes(few_left, 1);
    takes(put_off, 1);
    takes(brought_forward, 1);
    takes(together, 1);
    takes(moved, 1);
    takes(canceled_elsewhere, 1);
    takes(late, 2);
    takes(not_late, 1);
    takes(system_time_set, 2);
    takes(periodic, 5); /* at 2, 4, 6, 8 and 9 ms */
    caught(stops_when_late, NULL, 0xE2);
    takes(no_timer, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_wakeups)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
