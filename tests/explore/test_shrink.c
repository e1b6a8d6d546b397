/* SPDX-License-Identifier: MIT */
/* machines: none */
/* Shrinking reaches the known minimum from heavily random schedules, and says what it has proved. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "explore/explore.h"
#include "explore/toy.h"

#define LOST_UPDATE 0x10577d47eull
#define ORDER       0x04de4ull
#define OTHER       0x07e4ull

/* Each thread: a long way to a load, a few steps, a store of load + 1, a long way home. Lost if another's store is between. */
static bool lost_update(struct toy_threads *t, unsigned thread, unsigned step)
{
    unsigned middle = t->steps[thread] / 2;

    if (step == middle)
        t->local[thread] = t->shared[0];
    if (step != middle + 2)
        return false;
    bool lost = t->shared[0] != t->local[thread];

    t->shared[0] = t->local[thread] + 1;
    return lost;
}

/* Thread 0 must be between two of its steps while thread 1 is between two of its own, and both must then see it: four
 * flags raised in the order 0, 1, 0, 1. Needs a switch away and one back; thread 1 goes on when thread 0 has ended. */
static bool ping_pong(struct toy_threads *t, unsigned thread, unsigned step)
{
    int64_t *stage = &t->shared[0];

    if (thread == 0 && step == 3 && *stage == 0)
        *stage = 1;
    if (thread == 1 && step == 3 && *stage == 1)
        *stage = 2;
    if (thread == 0 && step == 4 && *stage == 2)
        *stage = 3;
    return thread == 1 && step == 4 && *stage == 3;
}

static struct explore_result find(
    struct explore *x, struct toy_threads *toy, enum explore_strategy strategy, uint64_t seed)
{
    struct explore_options o = EXPLORE_OPTIONS_DEFAULT;
    struct explore_result  r = {0};
    struct explore_target  t = {toy_threads_run, toy};

    o.strategy = strategy;
    o.seed = seed;
    o.schedules_max = 1000000;
    assert_int_equal(explore_search(x, &o, &t, &r), 0);
    assert_int_equal(r.end, EXPLORE_END_FINDING);
    return r;
}

static struct explore_shrink_result shrink(
    struct explore *x, struct toy_threads *toy, struct explore_schedule *s, uint64_t runs_max)
{
    struct explore_shrink_options o = {.runs_max = runs_max};
    struct explore_shrink_result  r;
    struct explore_target         t = {toy_threads_run, toy};

    assert_int_equal(explore_shrink(x, &o, &t, toy->finding, s, &r), 0);
    assert_true(r.confirmed);
    assert_int_equal(r.after, s->count);
    assert_true(runs_max == 0 || r.runs <= runs_max);
    return r;
}

static void short_programs_reach_the_proved_minimum(void **state)
{
    struct toy_threads a = {.threads = 2, .steps = {20, 20}, .step = lost_update, .finding = LOST_UPDATE};
    struct toy_threads b = {.threads = 2, .steps = {12, 12}, .step = ping_pong, .finding = ORDER};
    struct explore    *x = explore_create();

    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct explore_result        r = find(x, &a, EXPLORE_UNIFORM, seed);
        struct explore_shrink_result s = shrink(x, &a, &r.schedule, 0);

        assert_int_equal(s.after, 1); /* away between load and store; back when the other has ended is no switch */
        assert_true(s.minimal);
        explore_result_fini(&r);

        r = find(x, &b, EXPLORE_UNIFORM, seed);
        s = shrink(x, &b, &r.schedule, 0);
        assert_int_equal(s.after, 2);
        assert_true(s.minimal);
        explore_result_fini(&r);
    }
    explore_destroy(x);
}

/* Too long for the depth-first search: some 1,500 switches at first. */
static void long_programs_reach_few_switches(void **state)
{
    struct toy_threads a = {.threads = 3, .steps = {160, 160, 160}, .step = lost_update, .finding = LOST_UPDATE};
    struct toy_threads b = {.threads = 2, .steps = {240, 240}, .step = ping_pong, .finding = ORDER};
    struct explore    *x = explore_create();

    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct explore_result        r = find(x, &a, EXPLORE_UNIFORM, seed);
        struct explore_shrink_result s = shrink(x, &a, &r.schedule, 20000);

        assert_true(s.before > 60);
        assert_true(s.after <= 3);
        explore_result_fini(&r);

        r = find(x, &b, EXPLORE_RANDOM, seed);
        s = shrink(x, &b, &r.schedule, 20000);
        assert_true(s.after <= 3);
        explore_result_fini(&r);
    }
    explore_destroy(x);
}

/* Thread 1 must be at 180 when thread 0 is at 100 .. 109, and at 180 .. 184 when thread 0 reaches 150. */
static bool far_apart(struct toy_threads *t, unsigned thread, unsigned step)
{
    if (thread == 1 && step == 180 && t->done[0] >= 100 && t->done[0] < 110)
        t->shared[0] = 1;
    return thread == 0 && step == 150 && t->shared[0] && t->done[1] < 185;
}

/* Stretches of one thread join although no switch of the result is near one of the original: 30 + 72 steps of thread 0
 * before 100 + 82 of thread 1. A depth-first search would need 180,000 runs. */
static void stretches_are_joined(void **state)
{
    static const uint32_t   indexes[] = {30, 130, 202, 284};
    struct toy_threads      a = {.threads = 2, .steps = {250, 250}, .step = far_apart, .finding = ORDER};
    struct explore         *x = explore_create();
    struct explore_schedule s = {0};

    (void)state;
    for (int i = 0; i < 4; i++)
        explore_schedule_add(&s, &(struct explore_switch){.index = indexes[i], .pick = 1, .n = 2});
    assert_int_equal(shrink(x, &a, &s, 3000).after, 2);
    explore_schedule_fini(&s);
    explore_destroy(x);
}

/* No single switch of a shrunk schedule can be left out. */
static void the_result_is_locally_minimal(void **state)
{
    struct toy_threads    a = {.threads = 3, .steps = {40, 40, 40}, .step = ping_pong, .finding = ORDER};
    struct explore       *x = explore_create();
    struct explore_target t = {toy_threads_run, &a};

    (void)state;
    for (uint64_t seed = 0; seed < 10; seed++) {
        struct explore_result r = find(x, &a, EXPLORE_RANDOM, seed);

        shrink(x, &a, &r.schedule, 3000);
        for (size_t without = 0; without < r.schedule.count; without++) {
            struct explore_schedule      s = {0};
            struct explore_replay_result p;

            for (size_t i = 0; i < r.schedule.count; i++)
                if (i != without)
                    assert_int_equal(explore_schedule_add(&s, &r.schedule.switches[i]), 0);
            assert_int_equal(explore_replay(x, &t, &s, 0, &p), 0);
            assert_true(p.diverged || p.outcome.verdict == EXPLORE_OK);
            explore_schedule_fini(&s);
        }
        explore_result_fini(&r);
    }
    explore_destroy(x);
}

/* Two bugs: one without any switch would be the shorter, but it is another. */
static bool two_bugs(struct toy_threads *t, unsigned thread, unsigned step)
{
    t->finding = OTHER;
    if (thread == 0 && step == 9 && t->done[1] == 0)
        return true;
    t->finding = LOST_UPDATE;
    return thread == 0 && step == 9 && t->done[1] == 3;
}

/* Random switches; the run that shows LOST_UPDATE is shrunk, although no switch at all shows OTHER. */
static void the_finding_stays_the_same(void **state)
{
    struct toy_threads            a = {.threads = 2, .steps = {10, 10}, .step = two_bugs};
    struct explore               *x = explore_create();
    struct explore_target         t = {toy_threads_run, &a};
    struct explore_shrink_options o = {0};

    (void)state;
    for (uint64_t seed = 0, done = 0; done < 10; seed++) {
        struct explore_schedule      s = {.seed = seed};
        struct explore_replay_result p;

        assert_true(seed < 1000);
        for (uint32_t i = 0; i < 19; i++)
            if (rng_at(seed, i) & 1)
                explore_schedule_add(&s, &(struct explore_switch){.index = i, .pick = 1});
        assert_int_equal(explore_replay(x, &t, &s, 0, &p), 0);
        if (p.outcome.finding == LOST_UPDATE) {
            struct explore_shrink_result r;

            assert_int_equal(explore_shrink(x, &o, &t, LOST_UPDATE, &s, &r), 0);
            assert_true(r.confirmed);
            assert_int_equal(r.after, 2);
            assert_int_equal(s.switches[1].index - s.switches[0].index, 3);
            done++;
        }
        explore_schedule_fini(&s);
    }
    explore_destroy(x);
}

static void a_schedule_without_the_finding_is_refused(void **state)
{
    struct toy_threads            a = {.threads = 2, .steps = {20, 20}, .step = lost_update, .finding = LOST_UPDATE};
    struct explore               *x = explore_create();
    struct explore_target         t = {toy_threads_run, &a};
    struct explore_shrink_options o = {0};
    struct explore_shrink_result  r;
    struct explore_schedule       s = {0};

    (void)state;
    assert_int_equal(explore_shrink(x, &o, &t, LOST_UPDATE, &s, &r), -ENOENT);
    explore_destroy(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_programs_reach_the_proved_minimum),
        cmocka_unit_test(long_programs_reach_few_switches),
        cmocka_unit_test(stretches_are_joined),
        cmocka_unit_test(the_result_is_locally_minimal),
        cmocka_unit_test(the_finding_stays_the_same),
        cmocka_unit_test(a_schedule_without_the_finding_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
