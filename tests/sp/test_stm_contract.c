/* SPDX-License-Identifier: MIT */
/*
 * HwStorTimer: when it is called, with what, how often; requests that replace, cancel, come from elsewhere.
 */
#include "sp/timer.h"

static const struct mini plain; /* virtual */
static const struct mini card = {.physical = true};

/* ---- when ---- */

static void seen_at(PVOID ext)
{
    struct mini_ext *e = ext;

    e->timers++;
    e->word[0] = (LONG)(dt_now() / 1000);
}

/* STM-001, STM-028, STM-030, SIO-025: once, not before its time, at the next tick. */
static void once_body(void *ctx)
{
    dt_stor         *s = go(ctx ? ctx : &plain);
    struct mini_ext *e = ext_of(s);
    LONG             start = (LONG)(dt_now() / 1000);

    arm(e, seen_at, 2500);
    eventually(&e->timers, 1);
    dt_expect(e->word[0] - start >= 2500);
    if (simulated() && ctx)
        dt_expect(e->word[0] - start <= 2500 + 1000); /* one tick, when nothing else happens */
    dt_run_for(DT_MS(10));
    dt_expect_eq(e->timers, 1);
    over(s);
}

static void once(void **state)
{
    (void)state;
    passes(once_body);
    always(once_body, 1);
}

/* STM-030: 1 us is one tick, of 15.625 ms when nobody says otherwise. */
static void tick_body(void *ctx)
{
    dt_stor         *s = go(&plain);
    struct mini_ext *e = ext_of(s);
    dt_ns            start = dt_now();

    (void)ctx;
    arm(e, seen_at, 1);
    dt_run_for(DT_MS(40));
    eventually(&e->timers, 1);
    if (simulated())
        dt_expect((dt_ns)e->word[0] * 1000 - start <= 15625000 + 1000);
    over(s);
}

static void granularity(void **state)
{
    struct dt_config cfg = config(2);

    (void)state;
    cfg.tick_100ns = DT_TICK_DEFAULT;
    passes_with(&cfg, tick_body);
}

/* STM-022: 32 bits, unsigned: 4295 s are no cancel and no negative time. */
static void longest_body(void *ctx)
{
    dt_stor         *s = go(&plain);
    struct mini_ext *e = ext_of(s);

    (void)ctx;
    arm(e, seen_at, 0xffffffff);
    dt_run_for(DT_S(4294));
    dt_expect_eq(e->timers, 0);
    dt_run_for(DT_S(2));
    dt_expect_eq(e->timers, 1);
    over(s);
}

static void longest(void **state)
{
    (void)state;
    if (simulated())
        passes(longest_body);
}

/* ---- with what ---- */

static struct mini_ext *first_ext, *second_ext;

static void expects_first(PVOID ext)
{
    dt_expect(ext == first_ext);
    count_timer(ext);
}

static void expects_second(PVOID ext)
{
    dt_expect(ext == second_ext);
    count_timer(ext);
}

/* STM-002, STM-004: each adapter has its own timer and its own extension; any routine of the type will do. */
static void two_adapters_body(void *ctx)
{
    dt_stor *one = go(&plain), *two = dt_stor_start(mini_drv, &mini.cfg, NULL);

    (void)ctx;
    first_ext = ext_of(one);
    second_ext = ext_of(two);
    dt_expect(first_ext != second_ext);
    arm(first_ext, expects_first, 1000);
    arm(second_ext, expects_second, 1000);
    dt_run_for(DT_MS(5));
    eventually(&first_ext->timers, 1);
    eventually(&second_ext->timers, 1);
    arm(first_ext, seen_at, 1000);
    dt_run_for(DT_MS(5));
    eventually(&first_ext->timers, 2);
    dt_stor_remove(two);
    over(one);
}

static void two_adapters(void **state)
{
    (void)state;
    passes(two_adapters_body);
}

/* STM-003, SIO-025: a driver that never requests is never called. */
static void never_body(void *ctx)
{
    dt_stor *s = go(&plain);

    (void)ctx;
    dt_run_for(DT_S(2));
    dt_expect_eq(ext_of(s)->timers, 0);
    over(s);
}

static void never(void **state)
{
    (void)state;
    passes(never_body);
}

/* ---- cancel and replace ---- */

/* STM-023, STM-024: 0 cancels; with nothing pending it does nothing. */
static void cancel_body(void *ctx)
{
    dt_stor         *s = go(&plain);
    struct mini_ext *e = ext_of(s);

    (void)ctx;
    disarm(e);
    arm(e, count_timer, 20000);
    disarm(e);
    if (!simulated())
        dt_run_until_idle(); /* what has begun before ends */
    ULONG n = e->timers;     /* on some schedules 20 ms have passed in between */

    dt_run_for(DT_MS(50));
    dt_expect_eq(e->timers, n);
    disarm(e);
    arm(e, count_timer, 1000);
    dt_run_for(DT_MS(10));
    eventually(&e->timers, n + 1);
    over(s);
}

static void cancel(void **state)
{
    (void)state;
    passes(cancel_body);
    always(cancel_body, 1);
}

static void other_routine(PVOID ext)
{
    ((struct mini_ext *)ext)->word[1]++;
    seen_at(ext);
}

/* STM-026, STM-027: the later request is the one that counts, routine and time, from then on. The host may be so late that
 * the first one expires before it is replaced. */
static void replace_body(void *ctx)
{
    dt_stor         *s = go(&plain);
    struct mini_ext *e = ext_of(s);
    LONG             start = (LONG)(dt_now() / 1000);

    (void)ctx;
    arm(e, count_timer, 3000);
    arm(e, other_routine, 20000); /* out */
    dt_run_for(DT_MS(10));
    dt_expect(!simulated() || e->timers == 0);
    dt_run_for(DT_MS(15));
    eventually(&e->word[1], 1);
    dt_expect(!simulated() || e->timers == 1);
    dt_expect(e->word[0] - start >= 20000);
    arm(e, count_timer, 1000000);
    arm(e, other_routine, 2000); /* in */
    dt_run_for(DT_MS(10));
    eventually(&e->word[1], 2);
    dt_expect(!simulated() || e->timers == 2);
    over(s);
}

static void replace(void **state)
{
    (void)state;
    passes(replace_body);
}

static volatile LONG replaced_late;
static dt_ns         replaced_at;

static void counts_late(PVOID ext)
{
    (void)ext;
    dt_expect(dt_now() - replaced_at >= DT_MS(50));
    InterlockedIncrement(&replaced_late);
}

static bool replaces(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    ULONG n = e->timers;

    replaced_at = dt_now();
    arm(e, counts_late, 50000); /* the DPC of the first may be waiting for our lock */
    dt_expect_eq(e->timers, n);
    return mini_execute(e, srb);
}

/* STM-026: also when the first has expired and waits for the StartIo lock that the one who replaces it holds. */
static void replace_race_body(void *ctx)
{
    struct mini      m = {.physical = true, .start = replaces};
    dt_stor         *s = go(&m);
    struct mini_ext *e = ext_of(s);

    (void)ctx;
    replaced_late = 0;
    arm(e, count_timer, 1000);
    client_on(s, 1);
    dt_run_for(DT_MS(3));
    dt_join_all();
    ULONG before = e->timers;

    dt_run_for(DT_MS(10));
    dt_expect_eq(e->timers, before);
    dt_expect(before <= 1);
    dt_run_for(DT_MS(60));
    eventually(&replaced_late, 1);
    over(s);
}

static void not_cancelled(PVOID ext)
{
    dt_expect_eq(((struct mini_ext *)ext)->word[3], 0);
}

static bool cancels_in_start(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    disarm(e);
    e->word[3] = 1;
    return mini_execute(e, srb);
}

/* STM-023: also when the DPC waits already for the StartIo lock under which it is cancelled. */
static void cancel_race_body(void *ctx)
{
    struct mini      m = {.physical = true, .start = cancels_in_start};
    dt_stor         *s = go(&m);
    struct mini_ext *e = ext_of(s);

    (void)ctx;
    arm(e, not_cancelled, 1000);
    client_on(s, 1);
    dt_run_for(DT_MS(3));
    dt_join_all();
    dt_run_for(DT_MS(5));
    over(s);
}

static void replace_race(void **state)
{
    struct dt_config cfg = config(2);

    (void)state;
    if (simulated())
        always_with(&cfg, replace_race_body, 2);
    if (simulated())
        always_with(&cfg, cancel_race_body, 2);
}

/* ---- again from inside ---- */

static void chained(PVOID ext)
{
    struct mini_ext *e = ext;

    dt_expect_eq(e->word[2]++, 0); /* not inside itself */
    if (++e->timers < 1000)
        arm(e, chained, 10);
    e->word[2]--;
}

/* STM-029: 1000 times by itself. */
static void chain_body(void *ctx)
{
    dt_stor         *s = go(&plain);
    struct mini_ext *e = ext_of(s);

    (void)ctx;
    arm(e, chained, 10);
    for (unsigned i = 0; i < 100 && peek(&e->timers) < 1000; i++)
        dt_run_for(DT_MS(50));
    eventually(&e->timers, 1000);
    over(s);
}

static void chain(void **state)
{
    (void)state;
    passes(chain_body);
}

/* ---- from anywhere ---- */

static void find_arms(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c)
{
    (void)c;
    arm(e, count_timer, 1);
}

static bool slow_initialize(struct mini_ext *e)
{
    e->word[0] = (LONG)e->timers;
    KeStallExecutionProcessor(50);
    dt_run_for(DT_MS(20)); /* a virtual miniport's HwStorInitialize is at PASSIVE_LEVEL */
    dt_expect_eq(e->timers, mini.cfg.timers_early ? 1 : 0);
    return true;
}

/* STM-032, STM-033: requested in HwStorFindAdapter, delivered after HwStorInitialize (or before, when so configured). */
static void early_body(void *ctx)
{
    struct mini      m = {.find = find_arms, .initialize = slow_initialize};
    dt_stor         *s;
    struct mini_ext *e;

    m.cfg.timers_early = ctx != NULL;
    s = go(&m);
    e = ext_of(s);
    dt_run_for(DT_MS(10));
    eventually(&e->timers, 1);
    over(s);
}

static void early(void **state)
{
    struct dt_config cfg = config(2);
    struct dt_result r = {0};

    (void)state;
    passes(early_body);
    if (!simulated())
        return;
    assert_int_equal(dt_run(&cfg, early_body, &cfg, &r), 0);
    assert_int_equal(r.verdict, DT_PASS);
}

static bool arms_in_build(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    (void)srb;
    arm(e, count_timer, 1000);
    return true;
}

static bool arms_in_start(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    arm(e, count_timer, 1000);
    return mini_execute(e, srb);
}

static bool arms_in_isr(struct mini_ext *e)
{
    dt_expect(KeGetCurrentIrql() > DISPATCH_LEVEL);
    arm(e, count_timer, 1000);
    return true;
}

static bool arms_in_reset(struct mini_ext *e, ULONG path)
{
    (void)path;
    arm(e, count_timer, 1000);
    return true;
}

static void arms_in_dpc(PSTOR_DPC dpc, PVOID ext, PVOID a, PVOID b)
{
    (void)dpc;
    (void)a;
    (void)b;
    arm(ext, count_timer, 1000);
}

static bool makes_dpc(struct mini_ext *e)
{
    StorPortInitializeDpc(e, &e->dpc[0], arms_in_dpc);
    return true;
}

static void expect_timers(struct mini_ext *e, ULONG n)
{
    dt_run_for(DT_MS(10));
    eventually(&e->timers, n);
}

/* STM-031, STM-034: from BuildIo, StartIo, the interrupt routine at device level, a DPC, HwStorResetBus. */
static void anywhere_body(void *ctx)
{
    struct mini m = {
        .physical = true, .build = arms_in_build, .isr = arms_in_isr, .reset = arms_in_reset, .passive = makes_dpc};
    dt_stor         *s = go(&m);
    struct mini_ext *e = ext_of(s);

    (void)ctx;
    client(s);
    expect_timers(e, 1);
    mini.build = NULL;
    mini.start = arms_in_start;
    client(s);
    expect_timers(e, 2);
    dt_expect(dt_stor_interrupt(s, -1));
    expect_timers(e, 3);
    dt_expect(StorPortIssueDpc(e, &e->dpc[0], NULL, NULL));
    expect_timers(e, 4);
    dt_expect(dt_stor_reset_bus(s, 0));
    expect_timers(e, 5);
    over(s);
}

static void anywhere(void **state)
{
    (void)state;
    passes(anywhere_body);
}

/* STM-051: the StorPort pages win over the SCSI-port page: a StorPort miniport has its timer, physical or virtual. */
static void physical_too(void **state)
{
    struct dt_config cfg = config(2);
    struct dt_result r = {0};

    (void)state;
    assert_int_equal(dt_run(&cfg, once_body, (void *)&card, &r), 0);
    assert_int_equal(r.verdict, DT_PASS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(once),
        cmocka_unit_test(granularity),
        cmocka_unit_test(longest),
        cmocka_unit_test(two_adapters),
        cmocka_unit_test(never),
        cmocka_unit_test(cancel),
        cmocka_unit_test(replace),
        cmocka_unit_test(replace_race),
        cmocka_unit_test(chain),
        cmocka_unit_test(early),
        cmocka_unit_test(anywhere),
        cmocka_unit_test(physical_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
