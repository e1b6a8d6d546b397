/* SPDX-License-Identifier: MIT */
/* machines: sim */
/* HwStorTimer beside HwStorStartIo: who excludes whom, with one channel and with several; the two ways to live with it. */
#include "sp/timer.h"

static bool flag_overlap, flag_inside, flag_limit; /* some schedule has shown it */

static struct dt_config on(unsigned processors)
{
    return config(processors);
}

/* The body's two clients and the timer come together from here on: a point between each two lines. */
static void pause_here(struct mini_ext *e)
{
    LARGE_INTEGER now;

    StorPortNotification(QueryTickCount, e, &now);
}

/* ---- overlap, watched by both sides ---- */

static void watch_timer(PVOID ext)
{
    struct mini_ext *e = ext;
    LONG             before = e->word[0]; /* StartIo calls that have begun */

    e->in_timer = 1;
    pause_here(e);
    if (e->inside > 0)
        flag_overlap = true;
    if (e->inside == 0 && e->word[0] > before)
        flag_inside = true; /* one began and ended wholly inside */
    if (e->inside >= 2)
        flag_limit = true;
    e->in_timer = 0;
    e->timers++;
}

static bool watch_start(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    InterlockedIncrement(&e->word[0]);
    LONG n = InterlockedIncrement(&e->inside);

    if (e->in_timer)
        flag_overlap = true;
    if (n > e->inside_max)
        e->inside_max = n;
    pause_here(e);
    if (e->in_timer)
        flag_overlap = true;
    InterlockedDecrement(&e->inside);
    return mini_execute(e, srb);
}

static void beside(const struct mini *m, unsigned clients)
{
    dt_stor         *s = go(m);
    struct mini_ext *e = ext_of(s);

    arm(e, watch_timer, 1);
    for (unsigned i = 0; i < clients; i++)
        client_on(s, 1 + (int)i);
    dt_run_for(DT_MS(1));
    dt_join_all();
    eventually(&e->timers, 1);
    if (m->channels && !m->query_only)
        dt_expect(e->inside_max <= (LONG)m->channels);
    else if (m->physical)
        dt_expect(e->inside_max <= 1);
    over(s);
}

/* STM-007, SIO-022: one channel: never together. STM-012: so too when channels were only asked for. */
static void single_body(void *ctx)
{
    (void)ctx;
    beside(&(struct mini){.physical = true, .no_build = true, .start = watch_start}, 1);
    dt_expect(!flag_overlap);
}

static void query_body(void *ctx)
{
    (void)ctx;
    beside(
        &(struct mini){.physical = true, .no_build = true, .channels = 2, .query_only = true, .start = watch_start}, 1);
    dt_expect(!flag_overlap);
}

static void alone(void **state)
{
    struct dt_config cfg = on(2);

    (void)state;
    flag_overlap = flag_inside = false;
    always_with(&cfg, single_body, 2);
    always_with(&cfg, query_body, 2);
}

/* STM-009, STM-010, SIO-023: two channels: StartIo overlaps the timer, and begins and ends inside it. */
static void channels_body(void *ctx)
{
    (void)ctx;
    beside(&(struct mini){.physical = true, .no_build = true, .channels = 2, .start = watch_start}, 1);
}

static void together(void **state)
{
    struct dt_config cfg = on(2);

    (void)state;
    flag_overlap = flag_inside = false;
    always_with(&cfg, channels_body, 2);
    assert_true(flag_overlap);
    assert_true(flag_inside);
}

/* STM-011: as many as there are channels, on one processor more. */
static void limit_body(void *ctx)
{
    (void)ctx;
    beside(&(struct mini){.physical = true, .no_build = true, .channels = 2, .start = watch_start}, 2);
}

static void as_many_as_channels(void **state)
{
    struct dt_explore_result  r;
    struct dt_explore_options o = {.config = on(3), .strategy = "random", .schedules = 3000, .no_shrink = true};

    (void)state;
    flag_limit = false;
    assert_int_equal(dt_explore(limit_body, NULL, &o, &r), 0);
    assert_int_equal(r.run.verdict, DT_PASS);
    assert_true(flag_limit);
}

/* STM-042, STM-021 of virtual miniports: StartIo holds no lock even without channels. */
static void virtual_body(void *ctx)
{
    (void)ctx;
    beside(&(struct mini){.start = watch_start}, 1);
}

static void virtual_overlaps(void **state)
{
    struct dt_config cfg = on(2);

    (void)state;
    flag_overlap = false;
    always_with(&cfg, virtual_body, 2);
    assert_true(flag_overlap);
}

/* ---- the StartIo lock around the timer, seen by others ---- */

static void lock_timer(PVOID ext)
{
    struct mini_ext *e = ext;

    dt_expect_eq(dt_stor_locks_held(mini_stor), DT_STOR_LOCK_STARTIO);
    enter_alone(&e->word[1]);
    pause_here(e);
    leave_alone(&e->word[1]);
    e->timers++;
}

static bool lock_build(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    STOR_LOCK_HANDLE h = {0};

    (void)srb;
    StorPortAcquireSpinLock(e, StartIoLock, NULL, &h);
    enter_alone(&e->word[1]);
    pause_here(e);
    leave_alone(&e->word[1]);
    StorPortReleaseSpinLock(e, &h);
    return true;
}

/* STM-008: with channels too: StorPortAcquireSpinLock in BuildIo waits until the timer has returned. */
static void lock_body(void *ctx)
{
    struct mini      m = {.physical = true, .channels = 2, .build = lock_build};
    dt_stor         *s = go(&m);
    struct mini_ext *e = ext_of(s);

    (void)ctx;
    arm(e, lock_timer, 1);
    client_on(s, 1);
    dt_run_for(DT_MS(1));
    dt_join_all();
    eventually(&e->timers, 1);
    over(s);
}

static void lock_taken(void **state)
{
    struct dt_config cfg = on(2);

    (void)state;
    always_with(&cfg, lock_body, 2);
}

/* ---- the reference miniport: slots claimed by both sides ---- */

enum { FREE, PENDING, CLAIMED };

static bool interlocked, use_lock;

static bool claim(volatile LONG *slot)
{
    if (interlocked)
        return InterlockedCompareExchange(slot, CLAIMED, PENDING) == PENDING;
    if (*slot != PENDING)
        return false;
    pause_here(ext_of(mini_stor));
    *slot = CLAIMED;
    return true;
}

static void finish_slot(struct mini_ext *e, unsigned i)
{
    PVOID srb = e->held[i];

    e->word[i] = FREE;
    complete(e, srb, SRB_STATUS_SUCCESS);
}

static void sweep(PVOID ext)
{
    struct mini_ext *e = ext;

    for (unsigned i = 0; i < 2; i++)
        if (claim(&e->word[i]))
            finish_slot(e, i);
    e->timers++;
}

/* Slot by LUN: posted, then finished by whoever claims it first. */
static bool post(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    STOR_LOCK_HANDLE h = {0};
    unsigned         i = srb->QueueTag & 1;

    if (use_lock)
        StorPortAcquireSpinLock(e, StartIoLock, NULL, &h);
    e->held[i] = srb;
    InterlockedExchange(&e->word[i], PENDING);
    pause_here(e);
    if (claim(&e->word[i]))
        finish_slot(e, i);
    if (use_lock)
        StorPortReleaseSpinLock(e, &h);
    return true;
}

static void reference_body(void *ctx)
{
    struct mini      m = {.physical = true, .no_build = true, .channels = 2, .start = post};
    dt_stor         *s = go(&m);
    struct mini_ext *e = ext_of(s);

    (void)ctx;
    arm(e, sweep, 1);
    client_on(s, 1);
    dt_run_for(DT_MS(1));
    dt_join_all();
    eventually(&e->timers, 1);
    over(s);
}

/* STM-013: with compare-exchange every SRB is completed exactly once on every schedule. */
static void compare_exchange(void **state)
{
    struct dt_config cfg = on(2);

    (void)state;
    interlocked = true;
    use_lock = false;
    always_with(&cfg, reference_body, 2);
    struct dt_explore_result  r;
    struct dt_explore_options o = {.config = on(3), .strategy = "random", .schedules = 2000, .no_shrink = true};

    assert_int_equal(dt_explore(reference_body, NULL, &o, &r), 0);
    assert_int_equal(r.run.verdict, DT_PASS);
}

/* STM-014: with test-then-store not: a schedule of few switches, which replays. */
static void test_then_store(void **state)
{
    struct dt_explore_result  r, again;
    struct dt_explore_options o = {.config = on(2), .strategy = "dfs:3"};

    (void)state;
    interlocked = use_lock = false;
    assert_int_equal(dt_explore(reference_body, NULL, &o, &r), 0);
    assert_int_equal(r.run.verdict, DT_FINDING);
    assert_string_equal(r.run.finding.rule, "DT-S08");
    assert_int_equal(r.run.finding.bugcheck, 0xF1);
    assert_true(r.switches <= 3);
    o.strategy = "replay";
    o.schedule = r.schedule;
    o.no_shrink = true;
    assert_int_equal(dt_explore(reference_body, NULL, &o, &again), 0);
    assert_int_equal(again.run.verdict, DT_FINDING);
    assert_string_equal(again.run.finding.what, r.run.finding.what);
}

/* STM-015: the StartIo lock inside StartIo is the other cure. */
static void startio_lock(void **state)
{
    struct dt_config cfg = on(2);

    (void)state;
    interlocked = false;
    use_lock = true;
    always_with(&cfg, reference_body, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alone),
        cmocka_unit_test(together),
        cmocka_unit_test(as_many_as_channels),
        cmocka_unit_test(virtual_overlaps),
        cmocka_unit_test(lock_taken),
        cmocka_unit_test(compare_exchange),
        cmocka_unit_test(test_then_store),
        cmocka_unit_test(startio_lock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
