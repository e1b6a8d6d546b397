/* SPDX-License-Identifier: MIT */
/* HwStorTimer's level and locks in half and full duplex; what it excludes and what it may meet. */
#include "sp/timer.h"

static bool seen; /* some schedule has shown what is possible */

static void look(struct mini_ext *e)
{
    LARGE_INTEGER now;

    StorPortNotification(QueryTickCount, e, &now); /* a point */
}

/* ---- levels ---- */

static void full_level(PVOID ext)
{
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    dt_expect_eq(dt_stor_locks_held(mini_stor), DT_STOR_LOCK_STARTIO);
    count_timer(ext);
}

static void half_level(PVOID ext)
{
    dt_expect_eq(KeGetCurrentIrql(), 5);
    dt_expect_eq(dt_stor_locks_held(mini_stor), DT_STOR_LOCK_STARTIO | DT_STOR_LOCK_INTERRUPT);
    count_timer(ext);
}

/* STM-017, STM-018. */
static void levels_body(void *ctx)
{
    struct mini      m = {.physical = true, .half_duplex = ctx != NULL};
    dt_stor         *s = go(&m);
    struct mini_ext *e = ext_of(s);

    arm(e, ctx ? half_level : full_level, 1000);
    eventually(&e->timers, 1);
    over(s);
}

static void run_levels(void *ctx)
{
    struct dt_config cfg = config(2);
    struct dt_result r = {0};

    assert_int_equal(dt_run(&cfg, levels_body, ctx, &r), 0);
    if (r.verdict != DT_PASS)
        fail_msg("%s %s %s", r.finding.rule, r.finding.what, r.finding.where);
}

static void levels(void **state)
{
    (void)state;
    run_levels(NULL);
    run_levels(&seen); /* not NULL: half duplex */
}

static void leaves_high(PVOID ext)
{
    KIRQL old;

    (void)ext;
    KeRaiseIrql(9, &old);
}

static void armed_body(const struct mini *m, PHW_TIMER routine)
{
    dt_stor         *s = go(m);
    struct mini_ext *e = ext_of(s);

    arm(e, routine, 1000);
    dt_run_for(DT_MS(50));
    over(s);
}

static void high_body(void *ctx)
{
    (void)ctx;
    armed_body(&(struct mini){.physical = true}, leaves_high);
}

/* STM-017, SIO-067: leaving at another level. */
static void other_level(void **state)
{
    (void)state;
    caught(high_body, "DT-I09", ANY_CODE);
}

/* ---- what it may take ---- */

static PVOID wanted_context;
static int   wanted_lock;

static void takes(PVOID ext)
{
    STOR_LOCK_HANDLE h = {0};

    StorPortAcquireSpinLock(ext, (STOR_SPINLOCK)wanted_lock, wanted_context, &h);
    StorPortReleaseSpinLock(ext, &h);
    count_timer(ext);
}

static void dpc_routine(PSTOR_DPC dpc, PVOID ext, PVOID a, PVOID b)
{
    (void)dpc;
    (void)ext;
    (void)a;
    (void)b;
}

static bool makes_dpc(struct mini_ext *e)
{
    StorPortInitializeDpc(e, &e->dpc[0], dpc_routine);
    return true;
}

static void takes_body(const struct mini *m, int lock)
{
    dt_stor         *s = go(m);
    struct mini_ext *e = ext_of(s);

    wanted_lock = lock;
    wanted_context = lock == DpcLock ? &e->dpc[0] : NULL;
    arm(e, takes, 1000);
    eventually(&e->timers, 1);
    over(s);
}

static void full_startio(void *ctx)
{
    (void)ctx;
    takes_body(&(struct mini){.physical = true}, StartIoLock);
}

static void full_interrupt(void *ctx)
{
    (void)ctx;
    takes_body(&(struct mini){.physical = true}, InterruptLock);
}

static void full_dpc(void *ctx)
{
    (void)ctx;
    takes_body(&(struct mini){.physical = true, .passive = makes_dpc}, DpcLock);
}

static void half_interrupt(void *ctx)
{
    (void)ctx;
    takes_body(&(struct mini){.physical = true, .half_duplex = true}, InterruptLock);
}

static void half_dpc(void *ctx)
{
    (void)ctx;
    takes_body(&(struct mini){.physical = true, .half_duplex = true, .passive = makes_dpc}, DpcLock);
}

/* STM-019 (self-deadlock is told), STM-020, STM-021. */
static void may_take(void **state)
{
    (void)state;
    always(full_interrupt, 1);
    caught(full_startio, "DT-S06", ANY_CODE);
    caught(full_dpc, "DT-S06", ANY_CODE);
    caught(half_interrupt, "DT-S06", ANY_CODE);
    caught(half_dpc, "DT-S06", ANY_CODE);
}

/* ---- excludes ---- */

static void alone_timer(PVOID ext)
{
    struct mini_ext *e = ext;

    enter_alone(&e->word[0]);
    look(e);
    leave_alone(&e->word[0]);
    e->timers++;
}

static bool alone_reset(struct mini_ext *e, ULONG path)
{
    (void)path;
    enter_alone(&e->word[0]);
    look(e);
    leave_alone(&e->word[0]);
    return true;
}

static bool alone_isr(struct mini_ext *e)
{
    enter_alone(&e->word[0]);
    look(e);
    leave_alone(&e->word[0]);
    e->interrupts++;
    return true;
}

static void reset_thread(void *ctx)
{
    dt_expect(dt_stor_reset_bus(ctx, 0));
}

static void interrupt_thread(void *ctx)
{
    dt_expect(dt_stor_interrupt(ctx, -1));
}

static void meet(const struct mini *m, PHW_TIMER routine, dt_body *other)
{
    dt_stor         *s = go(m);
    struct mini_ext *e = ext_of(s);

    arm(e, routine, 1);
    dt_spawn(1, other, s);
    dt_run_for(DT_MS(1));
    dt_join_all();
    eventually(&e->timers, 1);
    over(s);
}

/* STM-038: never beside HwStorResetBus. */
static void reset_body(void *ctx)
{
    (void)ctx;
    meet(&(struct mini){.physical = true, .reset = alone_reset}, alone_timer, reset_thread);
}

/* STM-018: half duplex: nor beside the interrupt routine. */
static void half_isr_body(void *ctx)
{
    (void)ctx;
    meet(&(struct mini){.physical = true, .half_duplex = true, .isr = alone_isr}, alone_timer, interrupt_thread);
}

static void excludes(void **state)
{
    (void)state;
    always(reset_body, 1);
    always(half_isr_body, 1);
}

/* ---- meets ---- */

static void open_timer(PVOID ext)
{
    struct mini_ext *e = ext;

    e->in_timer = 1;
    look(e);
    e->in_timer = 0;
    e->timers++;
}

static bool open_isr(struct mini_ext *e)
{
    seen |= e->in_timer;
    return true;
}

static bool open_build(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    (void)srb;
    look(e);
    seen |= e->in_timer;
    return true;
}

static void open_dpc(PSTOR_DPC dpc, PVOID ext, PVOID a, PVOID b)
{
    struct mini_ext *e = ext;

    (void)dpc;
    (void)a;
    (void)b;
    look(e);
    seen |= e->in_timer;
}

static void locked_dpc(PSTOR_DPC dpc, PVOID ext, PVOID a, PVOID b)
{
    struct mini_ext *e = ext;
    STOR_LOCK_HANDLE h = {0};

    (void)dpc;
    (void)a;
    (void)b;
    StorPortAcquireSpinLock(ext, StartIoLock, NULL, &h);
    look(e);
    dt_expect(!e->in_timer);
    StorPortReleaseSpinLock(ext, &h);
}

static bool makes_open(struct mini_ext *e)
{
    StorPortInitializeDpc(e, &e->dpc[0], open_dpc);
    return true;
}

static bool makes_locked(struct mini_ext *e)
{
    StorPortInitializeDpc(e, &e->dpc[0], locked_dpc);
    return true;
}

static void issue_thread(void *ctx)
{
    struct mini_ext *e = ext_of(ctx);

    StorPortIssueDpc(e, &e->dpc[0], NULL, NULL);
}

/* STM-039: the interrupt routine, on its processor or another. */
static void isr_body(void *ctx)
{
    (void)ctx;
    meet(&(struct mini){.physical = true, .isr = open_isr}, open_timer, interrupt_thread);
}

/* STM-040: BuildIo, with one channel too. */
static void build_body(void *ctx)
{
    (void)ctx;
    meet(&(struct mini){.physical = true, .build = open_build}, open_timer, client);
}

/* STM-041: a DPC, unless that holds the StartIo lock. */
static void dpc_body(void *ctx)
{
    (void)ctx;
    meet(&(struct mini){.physical = true, .passive = makes_open}, open_timer, issue_thread);
}

static void locked_dpc_body(void *ctx)
{
    (void)ctx;
    meet(&(struct mini){.physical = true, .passive = makes_locked}, open_timer, issue_thread);
}

static void meets_one(dt_body *body)
{
    seen = false;
    reached(body, 2, &seen);
}

static void meets(void **state)
{
    (void)state;
    meets_one(isr_body);
    meets_one(build_body);
    meets_one(dpc_body);
    always(locked_dpc_body, 1);
}

/* ---- two adapters, itself ---- */

static struct mini_ext *other_ext;

static void other_timer(PVOID ext)
{
    struct mini_ext *e = ext;

    look(e);
    seen |= other_ext->inside;
    e->timers++;
}

static bool other_start(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    e->inside = 1;
    look(e);
    e->inside = 0;
    return mini_execute(e, srb);
}

/* STM-043: locks are per adapter. */
static void two_body(void *ctx)
{
    struct mini      m = {.physical = true, .no_build = true, .start = other_start};
    dt_stor         *one = go(&m), *two = dt_stor_start(mini_drv, &mini.cfg, NULL);
    struct mini_ext *e = ext_of(one);

    (void)ctx;
    other_ext = ext_of(two);
    arm(e, other_timer, 1);
    client_on(two, 1);
    dt_run_for(DT_MS(1));
    dt_join_all();
    eventually(&e->timers, 1);
    dt_stor_remove(two);
    over(one);
}

static void again_timer(PVOID ext)
{
    struct mini_ext *e = ext;

    enter_alone(&e->word[0]);
    if (e->timers == 0)
        arm(e, again_timer, 1);
    look(e);
    leave_alone(&e->word[0]);
    e->timers++;
}

/* STM-044: never twice at once, although it is requested again from within and from elsewhere. */
static void rearm_thread(void *ctx)
{
    arm(ext_of(ctx), again_timer, 1);
}

static void itself_body(void *ctx)
{
    dt_stor         *s = go(&(struct mini){.physical = true});
    struct mini_ext *e = ext_of(s);

    (void)ctx;
    arm(e, again_timer, 1);
    dt_spawn(1, rearm_thread, s);
    dt_run_for(DT_MS(3));
    dt_join_all();
    dt_run_for(DT_MS(5));
    arm(e, again_timer, 0);
    over(s);
}

static void others(void **state)
{
    (void)state;
    meets_one(two_body);
    always(itself_body, 1);
}

/* ---- cancel beside it, the lock held for long ---- */

/* STM-025: a cancel from another processor neither stops the call that runs nor waits for it. */
static void slow_timer(PVOID ext)
{
    struct mini_ext *e = ext;

    e->in_timer = 1;
    look(e);
    look(e);
    e->in_timer = 0;
    e->timers++;
}

static void cancel_thread(void *ctx)
{
    struct mini_ext *e = ext_of(ctx);

    disarm(e);
    seen |= e->in_timer;
}

static void cancel_body(void *ctx)
{
    dt_stor *s = go(&(struct mini){.physical = true});

    (void)ctx;
    arm(ext_of(s), slow_timer, 1);
    dt_spawn(1, cancel_thread, s);
    dt_run_for(DT_MS(2));
    dt_join_all();
    over(s);
}

static void cancel_beside(void **state)
{
    (void)state;
    meets_one(cancel_body);
}

static bool long_reset(struct mini_ext *e, ULONG path)
{
    (void)path;
    arm(e, count_timer, 1000);
    KeStallExecutionProcessor(5000);
    dt_expect_eq(e->timers, 0);
    return true;
}

/* STM-052: late while the StartIo lock is held, but not lost. */
static void long_body(void *ctx)
{
    dt_stor *s = go(&(struct mini){.physical = true, .reset = long_reset});

    (void)ctx;
    dt_expect(dt_stor_reset_bus(s, 0));
    eventually(&ext_of(s)->timers, 1);
    over(s);
}

static void lock_held_long(void **state)
{
    struct dt_config cfg = config(2);
    struct dt_result r = {0};

    (void)state;
    assert_int_equal(dt_run(&cfg, long_body, NULL, &r), 0);
    assert_int_equal(r.verdict, DT_PASS); /* that a lock was held for long is a warning */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels),
        cmocka_unit_test(other_level),
        cmocka_unit_test(may_take),
        cmocka_unit_test(excludes),
        cmocka_unit_test(meets),
        cmocka_unit_test(others),
        cmocka_unit_test(cancel_beside),
        cmocka_unit_test(lock_held_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
