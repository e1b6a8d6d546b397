/* SPDX-License-Identifier: MIT */
/* HwStorTimer and the rest of an adapter's life: stop, removal, pauses, dump mode, busy queues; wrong requests. */
#include "sp/timer.h"

/* ---- the end ---- */

static volatile LONG called_late;

static void late(PVOID ext)
{
    (void)ext;
    InterlockedIncrement(&called_late);
}

static void cancels(struct mini_ext *e, SCSI_ADAPTER_CONTROL_TYPE type)
{
    if (type == ScsiStopAdapter)
        disarm(e);
}

/* STM-046: nothing is called after the removal. */
static void removal_body(void *ctx)
{
    dt_stor *s = go(&(struct mini){.physical = true, .control = cancels});

    (void)ctx;
    called_late = 0;
    arm(ext_of(s), late, 20000);
    over(s);
    LONG n = called_late; /* some schedules let it come in time */

    dt_run_for(DT_MS(50));
    dt_expect_eq(called_late, n);
}

/* STM-045: suppressed while the miniport is stopped, and not late when it has been restarted. */
static void stopped_body(void *ctx)
{
    dt_stor *s = go(&(struct mini){.physical = true});

    (void)ctx;
    called_late = 0;
    arm(ext_of(s), late, 20000);
    dt_expect_eq(dt_stor_power(s, false, StorPowerActionSleep), STATUS_SUCCESS);
    LONG n = called_late;

    dt_run_for(DT_MS(50));
    dt_expect_eq(called_late, n);
    dt_expect_eq(dt_stor_power(s, true, StorPowerActionNone), STATUS_SUCCESS);
    dt_run_for(DT_MS(50));
    dt_expect_eq(called_late, n);
    disarm(ext_of(s));
    over(s);
}

static volatile LONG stopping;

/* Runs while the port turns the timers off, and sets its own again. */
static void beats(PVOID ext)
{
    if (!stopping)
        arm(ext, beats, 1000);
}

static void stops(struct mini_ext *e, SCSI_ADAPTER_CONTROL_TYPE type)
{
    STOR_LOCK_HANDLE handle = {.Lock = StartIoLock};

    if (type != ScsiStopAdapter)
        return;
    StorPortAcquireSpinLock(e, StartIoLock, NULL, &handle);
    stopping = 1;
    disarm(e);
    StorPortReleaseSpinLock(e, &handle);
}

static void first_beat(void *ext)
{
    arm(ext, beats, 1000);
}

/* STM-045, STM-046: what was set again in the last moment, and is cancelled as late as that, is over when the adapter goes. */
static void beating_body(void *ctx)
{
    dt_stor *s = go(&(struct mini){.control = stops});

    (void)ctx;
    stopping = 0;
    dt_join(dt_spawn(1, first_beat, ext_of(s)));
    over(s);
}

static void freed(struct mini_ext *e)
{
    arm(e, late, 1);
}

/* STM-046: who leaves one behind is told. */
static void left_body(void *ctx)
{
    (void)ctx;
    over(go(&(struct mini){.freed = freed}));
}

static void removal(void **state)
{
    (void)state;
    passes(removal_body);
    passes(stopped_body);
    always(removal_body, 1);
    always(beating_body, 2);
    caught(left_body, "DT-S03", ANY_CODE);
}

/* ---- held requests, free timers ---- */

static bool pauses(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    StorPortPause(e, 60);
    return mini_execute(e, srb);
}

/* STM-047: neither pause, busy nor a link that is down holds the timer. */
static void held_body(void *ctx)
{
    dt_stor               *s = go(&(struct mini){.physical = true, .start = pauses});
    struct mini_ext       *e = ext_of(s);
    struct dt_stor_request r = simple(0);

    (void)ctx;
    client(s);
    dt_stor_io *io = dt_stor_submit(s, &r);

    arm(e, count_timer, 1000);
    eventually(&e->timers, 1);
    dt_expect(!dt_stor_done(io));
    StorPortNotification(LinkDown, e);
    arm(e, count_timer, 1000);
    eventually(&e->timers, 2);
    StorPortNotification(LinkUp, e);
    dt_expect(StorPortResume(e));
    dt_expect_eq(dt_stor_finish(io), SRB_STATUS_SUCCESS);
    dt_expect(StorPortResume(e));
    over(s);
}

static void held(void **state)
{
    (void)state;
    passes(held_body);
}

static void watchdog(PVOID ext)
{
    count_timer(ext);
    arm(ext, watchdog, 1000000);
}

/* STM-053: a watchdog of one second goes on while a unit's queue is full and the miniport sits on every request. */
static void watchdog_body(void *ctx)
{
    struct mini            m = {.physical = true, .start = mini_hold, .cfg = {.no_timeouts = true}};
    dt_stor               *s = go(&m);
    struct mini_ext       *e = ext_of(s);
    struct dt_stor_request r[30];
    dt_stor_io            *io[30];

    (void)ctx;
    for (unsigned i = 0; i < 30; i++) {
        r[i] = simple(0);
        io[i] = dt_stor_submit(s, &r[i]);
    }
    arm(e, watchdog, 1000000);
    dt_run_for(DT_MS(10200));
    dt_expect_eq(e->timers, 10);
    disarm(e);
    mini.start = NULL;
    mini_release(e, SRB_STATUS_SUCCESS);
    for (unsigned i = 0; i < 30; i++)
        dt_expect_eq(dt_stor_finish(io[i]), SRB_STATUS_SUCCESS);
    over(s);
}

static void full_queue(void **state)
{
    (void)state;
    if (simulated())
        passes(watchdog_body);
}

/* ---- lsi_u3's pattern ---- */

static bool reinitialize(struct mini_ext *e)
{
    bool resumed = StorPortResume(e);

    dt_expect_eq(KeGetCurrentIrql(), 5);
    dt_expect(resumed);
    e->word[1] = 0; /* starts are allowed again */
    return true;
}

static BOOLEAN resume_synchronized(PVOID ext, PVOID context)
{
    (void)context;
    return reinitialize(ext);
}

static void reinit_timer(PVOID ext)
{
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    dt_expect(StorPortSynchronizeAccess(ext, resume_synchronized, NULL));
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    count_timer(ext);
}

static bool schedule_reinit(struct mini_ext *e)
{
    StorPortPause(e, 60);
    e->word[1] = 1;
    arm(e, reinit_timer, 100000);
    return true;
}

static bool not_while_paused(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    if (e->word[1])
        e->word[2]++;
    return mini_execute(e, srb);
}

/* STM-035, STM-036, STL-114: the interrupt routine pauses and asks for a timer, the timer's synchronised routine resumes. */
static void reinit_body(void *ctx)
{
    dt_stor *s =
        go(&(struct mini){.physical = true, .no_build = true, .isr = schedule_reinit, .start = not_while_paused});
    struct mini_ext       *e = ext_of(s);
    struct dt_stor_request r = simple(0);
    dt_ns                  start = dt_now();

    (void)ctx;
    dt_expect(dt_stor_interrupt(s, -1));
    dt_run_for(DT_MS(1));
    dt_stor_io *io = dt_stor_submit(s, &r);

    dt_expect_eq(dt_stor_finish(io), SRB_STATUS_SUCCESS);
    eventually(&e->timers, 1);
    dt_expect_eq(e->word[2], 0);
    dt_expect(dt_now() - start >= DT_MS(100) && dt_now() - start < DT_S(30));
    over(s);
}

static void reinit(void **state)
{
    (void)state;
    passes(reinit_body);
}

/* ---- completing requests ---- */

static bool hold_if_first(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    dt_expect(!e->in_timer); /* no StartIo on top of the timer */
    return e->requests++ == 0 ? mini_hold(e, srb) : mini_execute(e, srb);
}

static void completing(PVOID ext)
{
    struct mini_ext *e = ext;

    e->in_timer = 1;
    mini_release(e, SRB_STATUS_SUCCESS);
    e->in_timer = 0;
    e->timers++;
}

static void depth_one(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c)
{
    (void)e;
    c->InitialLunQueueDepth = 1;
}

/* STM-037: the second request waits for the first, whose completion in the timer must not start it there. */
static void completing_body(void *ctx)
{
    struct mini            m = {.physical = true, .no_build = true, .start = hold_if_first, .find = depth_one};
    dt_stor               *s = go(&m);
    struct mini_ext       *e = ext_of(s);
    struct dt_stor_request r[2] = {simple(0), simple(0)};
    dt_stor_io            *io[2] = {dt_stor_submit(s, &r[0]), dt_stor_submit(s, &r[1])};

    (void)ctx;
    eventually(&e->n_held, 1);
    arm(e, completing, 1000);
    dt_expect_eq(dt_stor_finish(io[0]), SRB_STATUS_SUCCESS);
    dt_expect_eq(dt_stor_finish(io[1]), SRB_STATUS_SUCCESS);
    eventually(&e->timers, 1);
    over(s);
}

static void completes(void **state)
{
    (void)state;
    always(completing_body, 1);
}

/* ---- wrong requests ---- */

static void null_body(void *ctx)
{
    dt_stor *s = go(&(struct mini){0});

    (void)ctx;
    arm(ext_of(s), NULL, 1000);
    over(s);
}

/* STM-049, SIO-065. */
static void null_routine(void **state)
{
    (void)state;
    caught(null_body, "DT-S01", ANY_CODE);
}

/* STM-048: in dump mode there are no timers: told, and ignored. */
static void dump_body(void *ctx)
{
    dt_stor *s = go(&(struct mini){.cfg = {.dump = true}});

    (void)ctx;
    arm(ext_of(s), count_timer, 1000);
    dt_run_for(DT_MS(10));
    dt_expect_eq(ext_of(s)->timers, 0);
    over(s);
}

static void dump_mode(void **state)
{
    (void)state;
    caught(dump_body, "DT-S12", ANY_CODE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(removal),
        cmocka_unit_test(held),
        cmocka_unit_test(full_queue),
        cmocka_unit_test(reinit),
        cmocka_unit_test(completes),
        cmocka_unit_test(null_routine),
        cmocka_unit_test(dump_mode),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
