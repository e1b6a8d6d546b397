/* SPDX-License-Identifier: MIT */
/* machines: rt; timeout: 300 */
/* Contexts of the real-time machine: identity, park and unpark, placement, ends, and one machine after another. */
#include "mach/rt_stub.h"

#include <errno.h>

/* ---- identity ---- */

static int user_word;

static void check_identity(void *arg)
{
    struct mach_ctx *self = mach_ctx_self();

    check(arg == &user_word);
    check(mach_ctx_user() == &user_word);
    check(mach_ctx_id(self) == 1 || mach_ctx_id(self) == 2);
    check(mach_choose(5, CHOICE_USER) == 0 && mach_choices() == 0);
    check(mach_yield());
    if (mach_ctx_id(self) == 1) {
        struct mach_ctx_config cfg = {.fn = check_identity, .arg = arg, .user = &user_word};
        check(mach_ctx_id(mach_ctx_create(&cfg)) == 2);
    }
}

static void contexts_know_themselves(void **state)
{
    static const struct mach_upcalls up = {.interrupt = stub_interrupt};
    struct mach_config               cfg = {.cpus = 2};

    (void)state;
    stub_reset();
    assert_int_equal(mach_run(&cfg, &up, check_identity, &user_word, &user_word), MACH_DONE);
    assert_int_equal(mach_ctx_id(mach_ctx_self()), 0);
}

/* ---- park and unpark ---- */

static struct mach_ctx *main_ctx;
static _Atomic uint64_t pings, pongs;

/* One permit is kept, a second one is not. */
static void permit_first(void *arg)
{
    (void)arg;
    main_ctx = mach_ctx_self();
    mach_unpark(main_ctx);
    mach_unpark(main_ctx);
    mach_park();
    for (unsigned i = 0; i < 100; i++) {
        unsigned old = mach_irql_raise(15);
        mach_unpark(main_ctx);
        mach_irql_lower(old);
        mach_park();
    }
}

static void permit_is_kept(void **state)
{
    (void)state;
    stub_reset();
    assert_int_equal(stub_run(1, permit_first, NULL), MACH_DONE);
}

#define PINGS 20000

static void pong(void *arg)
{
    (void)arg;
    for (uint64_t i = 1; i <= PINGS; i++) {
        while (pings < i)
            mach_park();
        pongs = i;
        mach_unpark(main_ctx);
    }
}

static void ping(void *arg)
{
    (void)arg;
    pings = pongs = 0;
    main_ctx = mach_ctx_self();
    struct mach_ctx *other = stub_thread(pong, NULL, 0);
    for (uint64_t i = 1; i <= PINGS; i++) {
        pings = i;
        mach_unpark(other);
        while (pongs < i)
            mach_park();
    }
}

static void no_wakeup_is_lost(void **state)
{
    (void)state;
    stub_reset();
    assert_int_equal(stub_run(2, ping, NULL), MACH_DONE);
}

/* Many wakers, one sleeper, also from interrupts. */
#define WAKERS 4
#define WAKES  3000

static _Atomic uint64_t wakes_asked, wakes_seen;

static void wake_main(void)
{
    wakes_asked++;
    mach_unpark(main_ctx);
}

static void waker(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < WAKES; i++) {
        if (i % 3) {
            wake_main();
            continue;
        }
        unsigned old = mach_irql_raise(2);
        mach_line_raise(mach_cpu(), MACH_LINE_DPC);
        mach_irql_lower(old);
    }
}

static void sleeper(void *arg)
{
    (void)arg;
    wakes_asked = wakes_seen = 0;
    main_ctx = mach_ctx_self();
    for (unsigned i = 0; i < WAKERS; i++)
        stub_thread(waker, NULL, 0);
    while (wakes_seen < WAKERS * WAKES) {
        mach_park();
        wakes_seen = wakes_asked;
    }
}

static void storm_wakes_the_sleeper(void **state)
{
    (void)state;
    stub_reset();
    stub_on[MACH_LINE_DPC] = wake_main;
    assert_int_equal(stub_run(2, sleeper, NULL), MACH_DONE);
}

/* ---- placement ---- */

static _Atomic uint64_t placed[8];

static void note_place(void *arg)
{
    unsigned below = mach_cpu(), old = mach_irql_raise(2);

    (void)arg;
    check(mach_cpu() == below);
    mach_irql_lower(old);
    placed[below]++;
}

static void check_placement(void *arg)
{
    (void)arg;
    check(mach_cpu() == 0);
    for (unsigned i = 0; i < 8; i++)
        stub_thread(note_place, NULL, 0);
    for (unsigned i = 0; i < 4; i++)
        stub_await(&placed[i], 2);
    for (unsigned i = 0; i < 6; i++)
        stub_thread(note_place, NULL, 0xa);
    stub_await(&placed[1], 5);
    stub_await(&placed[3], 5);

    unsigned old = mach_irql_raise(2);
    mach_ctx_affinity(mach_ctx_self(), 1u << 2);
    check(mach_cpu() == 0);
    mach_irql_lower(old);
    check(mach_cpu() == 2);
    mach_irql_raise(2);
    mach_line_raise(2, MACH_LINE_DPC);
    mach_irql_lower(0);
    check(stub_count(2, MACH_LINE_DPC) == 1);
    mach_ctx_affinity(mach_ctx_self(), 0);
    check(mach_cpu() == 2);
    mach_ctx_priority(mach_ctx_self(), 16);
}

static void affinity_places_contexts(void **state)
{
    (void)state;
    stub_reset();
    assert_int_equal(stub_run(4, check_placement, NULL), MACH_DONE);
}

/* ---- ends ---- */

static _Atomic uint64_t ended;

static void end_late(void *arg)
{
    (void)arg;
    mach_stall(3000000);
    ended++;
}

static void leave_others(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < 10; i++)
        stub_thread(end_late, NULL, 0);
}

static void others_are_waited_for(void **state)
{
    (void)state;
    stub_reset();
    ended = 0;
    assert_int_equal(stub_run(2, leave_others, NULL), MACH_DONE);
    assert_int_equal(ended, 10);
}

static void daemon_body(void *arg)
{
    (void)arg;
    for (;;) {
        mach_park();
        ended++;
    }
}

/* Busy when all daemons are told to leave; what it creates then has not been told. */
static void busy_daemon_body(void *arg)
{
    struct mach_ctx_config cfg = {.fn = daemon_body, .daemon = true};

    (void)arg;
    mach_stall(10000000);
    check(mach_ctx_create(&cfg) != NULL);
    mach_park();
    check(!"a daemon got past its last park");
}

/* The second one is used by a thread that outlives main. */
static struct mach_ctx *served_by;

static void use_daemon(void *arg)
{
    (void)arg;
    mach_stall(3000000);
    uint64_t before = ended;
    mach_unpark(served_by);
    stub_await(&ended, before + 1);
}

static void leave_daemons(void *arg)
{
    struct mach_ctx_config cfg = {.fn = daemon_body, .daemon = true};
    struct mach_ctx_config busy = {.fn = busy_daemon_body, .daemon = true};

    (void)arg;
    for (unsigned i = 0; i < 5; i++)
        check(mach_ctx_create(&cfg) && mach_ctx_create(&busy));
    served_by = mach_ctx_create(&cfg);
    stub_thread(use_daemon, NULL, 0);
}

static void daemons_end_at_their_park(void **state)
{
    (void)state;
    stub_reset();
    ended = 0;
    assert_int_equal(stub_run(2, leave_daemons, NULL), MACH_DONE);
    assert_int_equal(ended, 1);
}

static void end_at_once(void *arg)
{
    (void)arg;
    ended++;
}

static void create_many(void *arg)
{
    (void)arg;
    for (uint64_t i = 1; i <= 1000; i++) {
        stub_thread(end_at_once, NULL, 0);
        if (i % 50 == 0)
            stub_await(&ended, i);
    }
}

static void contexts_are_recycled(void **state)
{
    (void)state;
    stub_reset();
    ended = 0;
    assert_int_equal(stub_run(2, create_many, NULL), MACH_DONE);
    assert_int_equal(ended, 1000);
}

/* ---- one machine after another ---- */

static void short_life(void *arg)
{
    struct mach_ctx_config daemon = {.fn = daemon_body, .daemon = true};
    struct mach_config     cfg = {.cpus = 1};

    check(mach_ctx_id(mach_ctx_self()) == 1);
    check(mach_now() < 60000000000ull);
    check(mach_run(&cfg, &(struct mach_upcalls){stub_interrupt}, short_life, NULL, NULL) == -EBUSY);
    check(mach_ctx_create(&daemon) != NULL);
    stub_thread(end_at_once, NULL, 0);
    mach_clock_arm(1, (uintptr_t)arg % 3 ? 0 : mach_now() + 1000000);
    mach_line_raise(1, MACH_LINE_DPC);
    mach_irql_raise(2);
    mach_line_raise(0, MACH_LINE_DPC);
    mach_irql_lower(0);
    check(stub_count(0, MACH_LINE_DPC) == 1);
}

static void machine_runs_again(void **state)
{
    (void)state;
    for (uintptr_t i = 0; i < 200; i++) {
        stub_reset();
        ended = 0;
        assert_int_equal(stub_run(2 + i % 3, short_life, (void *)i), MACH_DONE);
        assert_int_equal(ended, 1);
    }
}

static void refuses_bad_counts(void **state)
{
    (void)state;
    assert_int_equal(stub_run(0, end_at_once, NULL), -EINVAL);
    assert_int_equal(stub_run(MACH_CPUS_MAX + 1, end_at_once, NULL), -EINVAL);
    assert_int_equal(stub_run(MACH_CPUS_MAX, end_at_once, NULL), MACH_DONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contexts_know_themselves),
        cmocka_unit_test(permit_is_kept),
        cmocka_unit_test(no_wakeup_is_lost),
        cmocka_unit_test(storm_wakes_the_sleeper),
        cmocka_unit_test(affinity_places_contexts),
        cmocka_unit_test(others_are_waited_for),
        cmocka_unit_test(daemons_end_at_their_park),
        cmocka_unit_test(contexts_are_recycled),
        cmocka_unit_test(machine_runs_again),
        cmocka_unit_test(refuses_bad_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
