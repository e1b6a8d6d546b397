/* SPDX-License-Identifier: MIT */
/* machines: rt */
/* Halting the real-time machine. A process halts once, so that each case runs in a child. */
#include "mach/rt_stub.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/ev.h"

static int run_in_child(void (*fn)(void))
{
    int   status;
    pid_t child = fork();

    if (child == 0) {
        fn();
        _exit(0);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static _Atomic uint64_t turns[4];

/* Keeps entering the machine in its own way until it does not come back. */
static void keep_entering(void *arg)
{
    unsigned way = (unsigned)(uintptr_t)arg;

    for (;;) {
        if (way == 0)
            mach_irql_lower((mach_irql_raise(2), 0));
        else if (way == 1)
            (void)mach_now();
        else if (way == 2)
            mach_line_raise(1, MACH_LINE_DPC);
        else
            mach_relax(NULL);
        turns[way]++;
    }
}

static struct mach_lock lock;

static void park_for_ever(void *arg)
{
    (void)arg;
    mach_park();
    check(!"unparked");
}

static void halt_with_lock_held(void *arg)
{
    (void)arg;
    for (uintptr_t i = 0; i < 4; i++)
        stub_thread(keep_entering, (void *)i, 0);
    stub_thread(park_for_ever, NULL, 0);
    for (unsigned i = 0; i < 4; i++)
        stub_await(&turns[i], 10);
    mach_irql_raise(15);
    mach_lock(&lock);
    mach_halt();
}

/* After the end, each context may finish the one turn that it was in. */
static void halted_contexts_stop(void)
{
    uint64_t then[4];

    check(stub_run(2, halt_with_lock_held, NULL) == MACH_HALTED);
    for (unsigned i = 0; i < 4; i++)
        then[i] = turns[i];
    usleep(100000);
    for (unsigned i = 0; i < 4; i++)
        check(turns[i] <= then[i] + 1);
    check(stub_run(2, park_for_ever, NULL) == -EBUSY);
    check(mach_now() > 0 && mach_irql() == 0);
}

static void halt_stops_every_context(void **state)
{
    (void)state;
    assert_int_equal(run_in_child(halted_contexts_stop), 0);
}

static void halt_here(void)
{
    mach_halt();
}

/* First caller wins; two of them at once are one halt. */
static void halt_from_interrupts(void *arg)
{
    (void)arg;
    stub_on[MACH_LINE_IPI] = halt_here;
    mach_line_raise(0, MACH_LINE_IPI);
    mach_line_raise(1, MACH_LINE_IPI);
    for (;;)
        mach_yield();
}

static void halt_from_interrupt_threads(void)
{
    check(stub_run(2, halt_from_interrupts, NULL) == MACH_HALTED);
}

static void interrupt_may_halt(void **state)
{
    (void)state;
    assert_int_equal(run_in_child(halt_from_interrupt_threads), 0);
}

/* exit() with stopped threads about is a normal end of a process. */
static void halt_then_exit(void)
{
    check(stub_run(2, halt_with_lock_held, NULL) == MACH_HALTED);
    exit(42);
}

static void halted_process_can_exit(void **state)
{
    (void)state;
    assert_int_equal(run_in_child(halt_then_exit), 42);
}

/* ---- stamps of events ---- */

static void check_stamp(void *arg)
{
    struct ev e = {0};
    unsigned  old = mach_irql_raise(13);

    (void)arg;
    ev_stamp(&e);
    mach_irql_lower(old);
    check(e.cpu == 0 && e.irql == 13 && e.thread == 1 && e.time_ns <= mach_now());
}

static void events_are_stamped(void **state)
{
    struct ev e = {0};

    (void)state;
    stub_reset();
    assert_int_equal(stub_run(2, check_stamp, NULL), MACH_DONE);
    ev_stamp(&e);
    assert_int_equal(e.irql, 0);
    assert_int_equal(e.thread, 0);
}

/* ---- memory at fixed addresses ---- */

static void regions_are_reserved_once(void **state)
{
    char *pool = mach_reserve(MACH_REGION_POOL, 1u << 30);

    (void)state;
    assert_ptr_equal(pool, (void *)0x7e9000000000);
    assert_int_equal(pool[(1u << 30) - 1], 0);
    pool[0] = 1;
    assert_ptr_equal(mach_reserve(MACH_REGION_POOL, 4096), pool);
    assert_int_equal(pool[0], 1);
    assert_null(mach_reserve(MACH_REGION_POOL, 1ull << 31));
    assert_ptr_equal(mach_reserve(MACH_REGION_OBJECTS, 4096), (void *)0x7ea000000000);
    assert_ptr_equal(mach_reserve(MACH_REGION_STACKS, 4096), (void *)0x7eb000000000);
    assert_null(mach_reserve(MACH_REGION_COUNT, 4096));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(halt_stops_every_context),
        cmocka_unit_test(interrupt_may_halt),
        cmocka_unit_test(halted_process_can_exit),
        cmocka_unit_test(events_are_stamped),
        cmocka_unit_test(regions_are_reserved_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
