/* SPDX-License-Identifier: MIT */
/* machines: rt */
/* IRQL, the token and interrupt lines of the real-time machine. */
#include "mach/rt_stub.h"

static unsigned trace[32], trace_len;

static void note_level(void)
{
    trace[trace_len++] = mach_irql();
}

/* ---- nesting on the own processor ---- */

static void raise_and_lower(void *arg)
{
    (void)arg;
    check(mach_irql() == 0 && mach_cpu() == 0 && mach_cpus() == 2);
    check(mach_irql_raise(1) == 0);
    check(mach_irql_raise(2) == 1);
    check(mach_irql_raise(2) == 2);
    check(mach_irql_raise(13) == 2);
    check(mach_irql_raise(15) == 13 && mach_irql() == 15);
    mach_irql_lower(13);
    check(mach_irql() == 13);
    mach_irql_lower(1);
    check(mach_irql() == 1);
    mach_irql_lower(0);
    check(mach_irql() == 0);
}

static void raise_and_lower_nest(void **state)
{
    (void)state;
    stub_reset();
    assert_int_equal(stub_run(2, raise_and_lower, NULL), MACH_DONE);
}

/* A DPC queued at PASSIVE has run before the lowering of IRQL returns, in the same thread. */
static struct mach_ctx *dpc_context;

static void note_context(void)
{
    dpc_context = mach_ctx_self();
}

static void own_dpc(void *arg)
{
    (void)arg;
    for (unsigned i = 1; i <= 1000; i++) {
        unsigned old = mach_irql_raise(2);
        mach_line_raise(0, MACH_LINE_DPC);
        check(stub_count(0, MACH_LINE_DPC) == i - 1);
        mach_irql_lower(old);
        check(stub_count(0, MACH_LINE_DPC) == i);
        check(dpc_context == mach_ctx_self());
    }
}

static void own_line_is_taken_before_lower_returns(void **state)
{
    (void)state;
    stub_reset();
    stub_on[MACH_LINE_DPC] = note_context;
    assert_int_equal(stub_run(1, own_dpc, NULL), MACH_DONE);
}

static void all_lines_at_high(void *arg)
{
    (void)arg;
    mach_irql_raise(15);
    mach_line_raise(0, MACH_LINE_DPC);
    mach_line_raise(0, MACH_LINE_IPI);
    mach_line_raise(0, MACH_LINE_CLOCK);
    mach_line_raise(0, MACH_LINE_IPI);
    mach_point(MACH_POINT_DDI, NULL);
    check(trace_len == 0);
    mach_irql_lower(13);
    check(trace_len == 1 && trace[0] == MACH_LINE_IPI);
    mach_irql_lower(2);
    check(trace_len == 2 && trace[1] == MACH_LINE_CLOCK);
    mach_point(MACH_POINT_DDI, NULL);
    check(trace_len == 2);
    mach_irql_lower(0);
    check(trace_len == 3 && trace[2] == MACH_LINE_DPC);
}

static void lines_wait_for_their_level(void **state)
{
    (void)state;
    stub_reset();
    trace_len = 0;
    stub_on[MACH_LINE_DPC] = stub_on[MACH_LINE_CLOCK] = stub_on[MACH_LINE_IPI] = note_level;
    assert_int_equal(stub_run(1, all_lines_at_high, NULL), MACH_DONE);
}

/* Inside a DPC: the clock line is taken at a point, its own line only when it is over. */
static void dpc_body(void)
{
    note_level();
    if (stub_count(0, MACH_LINE_DPC) > 1)
        return;
    mach_line_raise(0, MACH_LINE_DPC);
    mach_line_raise(0, MACH_LINE_CLOCK);
    mach_point(MACH_POINT_DDI, NULL);
    check(trace_len == 2 && trace[1] == MACH_LINE_CLOCK);
    unsigned old = mach_irql_raise(14);
    mach_line_raise(0, MACH_LINE_CLOCK);
    mach_irql_lower(old);
    check(trace_len == 3 && trace[2] == MACH_LINE_CLOCK);
}

static void interrupts_in_dpc(void *arg)
{
    (void)arg;
    mach_irql_raise(2);
    mach_line_raise(0, MACH_LINE_DPC);
    mach_irql_lower(0);
    check(trace_len == 4 && trace[3] == MACH_LINE_DPC);
}

static void interrupts_nest_in_a_dpc(void **state)
{
    (void)state;
    stub_reset();
    trace_len = 0;
    stub_on[MACH_LINE_DPC] = dpc_body;
    stub_on[MACH_LINE_CLOCK] = note_level;
    assert_int_equal(stub_run(1, interrupts_in_dpc, NULL), MACH_DONE);
}

/* ---- what was interrupted ---- */

static unsigned interrupted;

static void note_interrupted(void)
{
    interrupted = mach_interrupted_irql();
}

static void note_interrupted_nested(void)
{
    check(mach_interrupted_irql() == 1);
    mach_line_raise(0, MACH_LINE_CLOCK);
    mach_point(MACH_POINT_DDI, NULL);
    check(interrupted == 2 && mach_interrupted_irql() == 1);
}

static void look_at_interrupted(void *arg)
{
    (void)arg;
    check(mach_interrupted_irql() == 0);
    mach_irql_raise(15);
    check(mach_interrupted_irql() == 15);
    mach_line_raise(0, MACH_LINE_CLOCK);
    mach_irql_lower(2);
    check(interrupted == 2 && mach_interrupted_irql() == 2);
    mach_line_raise(0, MACH_LINE_DPC);
    mach_irql_lower(1);
    check(stub_count(0, MACH_LINE_DPC) == 1 && mach_interrupted_irql() == 1);
    mach_irql_raise(13);
    mach_line_raise(0, MACH_LINE_CLOCK);
    mach_irql_lower(0);
    check(interrupted == 0 && mach_irql() == 0);
}

/* A line taken on the way down interrupts the level that was lowered to. */
static void interrupted_level_is_known(void **state)
{
    (void)state;
    stub_reset();
    stub_on[MACH_LINE_DPC] = note_interrupted_nested;
    stub_on[MACH_LINE_CLOCK] = note_interrupted;
    assert_int_equal(stub_run(1, look_at_interrupted, NULL), MACH_DONE);
}

/* ---- lines from elsewhere ---- */

static _Atomic int was_idle, was_nobodys;

static void note_idle(void)
{
    if (mach_idle())
        was_idle++;
    if (mach_ctx_user() == NULL && mach_ctx_id(mach_ctx_self()) == 0)
        was_nobodys++;
}

static void raise_to_idle(void *arg)
{
    (void)arg;
    for (unsigned i = 1; i <= 200; i++) {
        mach_line_raise(1, MACH_LINE_IPI);
        stub_await(&stub_taken[1][MACH_LINE_IPI], i);
    }
    mach_line_raise(0, MACH_LINE_DPC);
    stub_await(&stub_taken[0][MACH_LINE_DPC], 1);
    check(!mach_idle());
}

static void idle_processor_takes_lines(void **state)
{
    (void)state;
    stub_reset();
    was_idle = was_nobodys = 0;
    stub_on[MACH_LINE_IPI] = note_idle;
    assert_int_equal(stub_run(2, raise_to_idle, NULL), MACH_DONE);
    assert_int_equal(was_idle, 200);
    assert_int_equal(was_nobodys, 200);
}

/* ---- one thread at IRQL >= 2 on a processor; the plain counter shows races to the thread sanitizer ---- */

#define EXCLUSION_THREADS 6
#define EXCLUSION_TURNS   4000

static unsigned         inside[2], counted[2];
static _Atomic uint64_t exclusion_done;

static void exclude(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < EXCLUSION_TURNS; i++) {
        unsigned old = mach_irql_raise(i % 2 ? 2 : 15);
        unsigned cpu = mach_cpu();
        check(++inside[cpu] == 1);
        counted[cpu]++;
        if (i % 64 == 0)
            mach_stall(1000);
        if (i % 512 == 0)
            mach_yield();
        check(--inside[cpu] == 0);
        mach_irql_lower(old);
    }
    exclusion_done++;
}

static void start_excluders(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < EXCLUSION_THREADS; i++)
        stub_thread(exclude, NULL, 0);
    stub_await(&exclusion_done, EXCLUSION_THREADS);
    check(counted[0] + counted[1] == EXCLUSION_THREADS * EXCLUSION_TURNS);
    check(counted[0] == counted[1]);
}

static void one_holder_per_processor(void **state)
{
    (void)state;
    stub_reset();
    assert_int_equal(stub_run(2, start_excluders, NULL), MACH_DONE);
}

/* ---- kernel locks, across processors ---- */

static struct mach_lock lock;
static unsigned         locked_count;
static _Atomic uint64_t lockers_done;

static void lock_often(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < 20000; i++) {
        unsigned old = mach_irql_raise(2);
        mach_lock(&lock);
        locked_count++;
        mach_unlock(&lock);
        mach_irql_lower(old);
    }
    lockers_done++;
}

static void start_lockers(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < 4; i++)
        stub_thread(lock_often, NULL, 0);
    stub_await(&lockers_done, 4);
    check(locked_count == 80000);
}

static void locks_exclude(void **state)
{
    (void)state;
    stub_reset();
    assert_int_equal(stub_run(3, start_lockers, NULL), MACH_DONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(raise_and_lower_nest),
        cmocka_unit_test(own_line_is_taken_before_lower_returns),
        cmocka_unit_test(lines_wait_for_their_level),
        cmocka_unit_test(interrupts_nest_in_a_dpc),
        cmocka_unit_test(interrupted_level_is_known),
        cmocka_unit_test(idle_processor_takes_lines),
        cmocka_unit_test(one_holder_per_processor),
        cmocka_unit_test(locks_exclude),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
