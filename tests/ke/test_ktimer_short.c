/* SPDX-License-Identifier: MIT */
/* machines: sim */
/*
 * The short way of KeSetTimer, KeSetTimerEx and KeCancelTimer, which is taken while nobody listens: results, expirations, points
 * and choices are those of the long way, also when ticks change or come while their interrupt waits, and when
 * other processors have set the timer before. KTM-018, KTM-028, KTM-040, KTM-063, CLK-023.
 */
#include "../machine.h"

#include "base/ev.h"
#include "mach/mach.h"

enum { TIMERS = 200, CALLS = 6000, MS = 10000 };

static struct {
    KTIMER   timer[TIMERS];
    KDPC     dpc[TIMERS];
    uint64_t random, trace, points;
    unsigned fired, again;
    bool     fine;
} s;

static uint64_t below(uint64_t n)
{
    s.random = s.random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (s.random >> 33) % n;
}

static void trace(uint64_t what)
{
    s.trace = (s.trace ^ what) * UINT64_C(0x100000001b3);
}

static KDEFERRED_ROUTINE fires;

static VOID fires(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)context, (void)a, (void)b;
    s.fired++;
    trace((uint64_t)(dpc - s.dpc));
    trace(KeQueryInterruptTime());
    trace(mach_points() - s.points);
}

/* From under a millisecond to weeks: all levels of the queue, and some at equal times. */
static LARGE_INTEGER some_due(void)
{
    static const uint64_t most[] = {
        900, 20 * MS, 300 * MS, 5000 * MS, UINT64_C(3600000) * MS, UINT64_C(2000000000) * MS};
    LARGE_INTEGER due;

    due.QuadPart = -(int64_t)(1 + below(most[below(6)]));
    if (below(3) == 0)
        due.QuadPart = -(int64_t)(1 + below(4)) * 7 * MS;
    if (below(10) == 0) {
        LARGE_INTEGER now;

        KeQuerySystemTime(&now);
        due.QuadPart = now.QuadPart - due.QuadPart;
    }
    return due;
}

static BOOLEAN call(PKTIMER t, PKDPC dpc)
{
    switch (below(5)) {
    case 0:
        return KeCancelTimer(t);
    case 1:
        return KeSetTimerEx(t, some_due(), below(2) ? (LONG)below(50) : 0, dpc);
    default:
        return KeSetTimer(t, some_due(), below(4) ? dpc : NULL);
    }
}

/* Other ticks for what is set from now on. */
static void change_resolution(void)
{
    s.fine = !s.fine;
    trace(ExSetTimerResolution(MS, s.fine));
}

static void calls(void *ctx)
{
    (void)ctx;
    s.points = mach_points();
    for (unsigned i = 0; i < TIMERS; i++) {
        KeInitializeTimer(&s.timer[i]);
        KeInitializeDpc(&s.dpc[i], fires, NULL);
    }
    for (unsigned n = 0; n < CALLS; n++) {
        unsigned i = (unsigned)below(TIMERS);
        KIRQL    old = PASSIVE_LEVEL;
        bool     high = below(4) == 0;

        if (below(100) == 0)
            change_resolution();
        if (below(50) == 0)
            KeSetSystemAffinityThread((KAFFINITY)1 << below(KeQueryActiveProcessorCount(NULL)));
        if (high)
            KeRaiseIrql(DISPATCH_LEVEL, &old);
        if (high && below(4) == 0) /* the next tick comes, at times just now, and its interrupt has to wait */
            KeStallExecutionProcessor((ULONG)(1 + below(8)) * 125);
        BOOLEAN was_set = call(&s.timer[i], &s.dpc[i]);

        s.again += was_set;
        trace(was_set);
        trace(KeReadStateTimer(&s.timer[i]));
        trace(s.timer[i].Period);
        trace(mach_points() - s.points);
        trace(mach_choices());
        if (high)
            KeLowerIrql(old);
        if (below(20) == 0)
            dt_run_for(DT_MS(1 + below(40)));
    }
    for (unsigned i = 0; i < TIMERS; i++)
        trace(KeCancelTimer(&s.timer[i]));
    if (s.fine)
        change_resolution();
}

static void listen(struct ev_observer *self, const struct ev *e)
{
    (void)self, (void)e;
}

/* The trace of one run. */
static uint64_t run(uint64_t seed, uint32_t tick, bool listened)
{
    struct ev_observer o = {.on = listen, .mask = EV_BIT(EV_TIMER_SET)};
    struct dt_config   cfg = {.processors = 2, .tick_100ns = tick, .quiet = true, .faithful = true};

    memset(&s, 0, sizeof s);
    s.random = seed;
    if (listened)
        ev_subscribe(&o);
    passes_with(&cfg, calls);
    if (listened)
        ev_unsubscribe(&o);
    assert_true(s.fired > CALLS / 4 && s.again > CALLS / 4);
    return s.trace;
}

static void test_as_the_long_way(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        assert_int_equal(run(seed, TICK_1MS, false), run(seed, TICK_1MS, true));
        assert_int_equal(run(seed, 156250, false), run(seed, 156250, true));
    }
}

/* The trace up to where a run is cut. */
static uint64_t cut_after(uint64_t steps, bool listened)
{
    struct ev_observer o = {.on = listen, .mask = EV_BIT(EV_TIMER_SET)};
    struct dt_config   cfg = {
          .processors = 1, .tick_100ns = TICK_1MS, .quiet = true, .faithful = true, .steps_max = steps};
    struct dt_result r = {0};

    memset(&s, 0, sizeof s);
    if (listened)
        ev_subscribe(&o);
    assert_int_equal(dt_run(&cfg, calls, NULL, &r), 0);
    if (listened)
        ev_unsubscribe(&o);
    assert_int_equal(r.verdict, DT_STEP_LIMIT);
    return s.trace;
}

static void test_limit(void **state)
{
    (void)state;
    for (uint64_t steps = 5000; steps < 5100; steps++)
        assert_int_equal(cut_after(steps, false), cut_after(steps, true));
}

/* ---- what is no timer, on a processor with many ---- */

static void set_many(void)
{
    LARGE_INTEGER hour = {.QuadPart = -36000000000ll};

    for (unsigned i = 0; i < TIMERS; i++) {
        KeInitializeTimer(&s.timer[i]);
        KeSetTimer(&s.timer[i], hour, NULL);
    }
    memset(&s.timer[7].Header, 0, sizeof s.timer[7].Header);
}

static void sets_no_timer(void *ctx)
{
    LARGE_INTEGER due = {.QuadPart = -70000000000ll};

    (void)ctx;
    set_many();
    KeSetTimer(&s.timer[7], due, NULL);
}

static void cancels_no_timer(void *ctx)
{
    (void)ctx;
    set_many();
    KeCancelTimer(&s.timer[7]);
}

/* KTM-011, KTM-012 */
static void test_no_timer(void **state)
{
    struct dt_config cfg = {.processors = 1, .quiet = true, .tick_100ns = TICK_1MS, .faithful = true};

    (void)state;
    caught_with(&cfg, sets_no_timer, "DT-T01", 0xC7);
    caught_with(&cfg, cancels_no_timer, "DT-T01", 0xC7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_the_long_way),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_no_timer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
