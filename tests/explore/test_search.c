/* SPDX-License-Identifier: MIT */
/* machines: none */
/* Random strategies do what they say, are pure functions of the seed and can be divided; limits are kept. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "explore/explore.h"
#include "explore/toy.h"

/* Keeps what the schedules of a search looked like. */
struct survey {
    unsigned             length; /* choices per run, n = 3 */
    enum choice_tag      tag;
    uint64_t             runs, ones, twos;
    uint64_t             by_switches[65];
    uint64_t             cells[27]; /* the first three picks */
    uint64_t             hashes[4096];
    enum explore_verdict verdict;
    int                  rc;
    uint64_t             clock, step_ns;
};

static int survey_run(void *ctx, struct choice_source *c, struct explore_outcome *out)
{
    struct survey *s = ctx;
    uint64_t       hash = 1;
    unsigned       switches = 0, cell = 0;

    for (unsigned i = 0; i < s->length; i++) {
        unsigned pick = c->pick(c, 3, s->tag);

        hash = rng_mix(hash + pick);
        switches += pick != 0;
        s->ones += pick == 1;
        s->twos += pick == 2;
        cell = i < 3 ? cell * 3 + pick : cell;
    }
    s->cells[cell]++;
    s->by_switches[switches]++;
    s->hashes[s->runs++ % 4096] = hash;
    s->clock += s->step_ns;
    out->verdict = s->verdict;
    return s->rc;
}

static struct explore_options options(enum explore_strategy strategy, uint64_t schedules)
{
    struct explore_options o = EXPLORE_OPTIONS_DEFAULT;

    o.strategy = strategy;
    o.schedules_max = schedules;
    o.determinism_every = 0;
    return o;
}

static struct explore_result search(struct survey *s, const struct explore_options *o)
{
    struct explore       *x = explore_create();
    struct explore_result r = {0};
    struct explore_target t = {survey_run, s};

    assert_int_equal(explore_search(x, o, &t, &r), s->rc);
    explore_destroy(x);
    return r;
}

static void uniform_is_uniform(void **state)
{
    struct survey          s = {.length = 20};
    struct explore_options o = options(EXPLORE_UNIFORM, 27001);
    double                 chi = 0;

    (void)state;
    search(&s, &o);
    s.cells[0]--; /* schedule 0 has no switches */
    for (int i = 0; i < 27; i++)
        chi += (s.cells[i] - 1000.0) * (s.cells[i] - 1000.0) / 1000.0;
    assert_true(chi < 60); /* 26 degrees of freedom: p = 0.0002 */
}

static void sticky_switches_at_its_rate(void **state)
{
    struct survey          s = {.length = 64};
    struct explore_options o = options(EXPLORE_STICKY, 10000);

    (void)state;
    o.rate = 16;
    search(&s, &o);
    double mean = (double)(s.ones + s.twos) / 9999;

    assert_true(mean > 3.9 && mean < 4.1);
    assert_true(fabs((double)s.ones / (double)s.twos - 1) < 0.05);
}

static void pct_has_at_most_depth_switches(void **state)
{
    struct survey          s = {.length = 64};
    struct explore_options o = options(EXPLORE_PCT, 10000);

    (void)state;
    o.depth = 3;
    search(&s, &o);
    for (int i = 4; i <= 64; i++)
        assert_int_equal(s.by_switches[i], 0);
    assert_true(s.by_switches[3] > 4000); /* some points lie behind the end, some coincide */
    assert_true(s.by_switches[2] > 1000);
}

/* The mixture: schedules with one switch, with a few and with half of all choices are all common. */
static void random_has_few_and_many_switches(void **state)
{
    struct survey          s = {.length = 64};
    struct explore_options o = options(EXPLORE_RANDOM, 10000);
    uint64_t               few = 0, many = 0;

    (void)state;
    search(&s, &o);
    for (int i = 1; i <= 3; i++)
        few += s.by_switches[i];
    for (int i = 25; i <= 64; i++)
        many += s.by_switches[i];
    assert_true(few > 2500);
    assert_true(many > 2000);
}

/* dt_choose() of a test is an input, not a pre-emption: all its values are equally likely. */
static void user_choices_are_uniform_in_every_random_strategy(void **state)
{
    (void)state;
    for (int strategy = EXPLORE_RANDOM; strategy <= EXPLORE_PCT; strategy++) {
        struct survey          s = {.length = 10, .tag = CHOICE_USER};
        struct explore_options o = options((enum explore_strategy)strategy, 3000);

        search(&s, &o);
        assert_true(s.ones > 9500 && s.ones < 10500);
        assert_true(s.twos > 9500 && s.twos < 10500);
    }
}

static bool has_hash(const struct survey *s, uint64_t hash)
{
    for (uint64_t i = 0; i < s->runs; i++)
        if (s->hashes[i] == hash)
            return true;
    return false;
}

/* Schedule k of a seed is the same whoever runs it; the shards' numbers are disjoint and together all. */
static void shards_divide_the_numbers(void **state)
{
    (void)state;
    for (int strategy = EXPLORE_RANDOM; strategy <= EXPLORE_PCT; strategy++) {
        struct survey          all = {.length = 40};
        struct explore_options o = options((enum explore_strategy)strategy, 301);
        uint64_t               sum = 0;

        o.seed = 5;
        assert_int_equal(search(&all, &o).schedules, 301);
        for (o.shard = 0, o.shards = 7; o.shard < 7; o.shard++) {
            struct survey         part = {.length = 40};
            struct explore_result r = search(&part, &o);

            sum += r.schedules;
            for (uint64_t i = 1; i < part.runs; i++)
                assert_int_equal(part.hashes[i], all.hashes[o.shard + (o.shard ? i - 1 : i) * 7]);
        }
        assert_int_equal(sum, 301);
    }
}

static void another_seed_gives_other_schedules(void **state)
{
    struct survey          a = {.length = 40}, b = a, c = a;
    struct explore_options o = options(EXPLORE_UNIFORM, 100);

    (void)state;
    search(&a, &o);
    search(&b, &o);
    assert_memory_equal(a.hashes, b.hashes, sizeof(a.hashes));
    o.seed = 1;
    search(&c, &o);
    for (uint64_t i = 1; i < a.runs; i++)
        assert_false(has_hash(&c, a.hashes[i]));
}

static uint64_t survey_clock(void *io)
{
    return ((struct survey *)io)->clock;
}

static int stop_at_third(void *io, const struct explore_progress *p)
{
    struct survey *s = io;

    assert_int_equal(p->schedules, s->runs);
    assert_true(p->rate > 0);
    return p->schedules >= 300;
}

static void budget_and_progress_use_the_callers_clock(void **state)
{
    struct survey          s = {.length = 10, .step_ns = 1000};
    struct explore_options o = options(EXPLORE_UNIFORM, 0);

    (void)state;
    o.clock = survey_clock;
    o.io = &s;
    o.budget_ns = 1000000;
    struct explore_result r = search(&s, &o);

    assert_int_equal(r.end, EXPLORE_END_BUDGET);
    assert_true(r.schedules >= 1000 && r.schedules < 1100);
    assert_int_equal(r.elapsed_ns, s.clock);

    s = (struct survey){.length = 10, .step_ns = 1000};
    o.budget_ns = 0;
    o.progress = stop_at_third;
    o.progress_ns = 100000;
    r = search(&s, &o);
    assert_int_equal(r.end, EXPLORE_END_STOPPED);
    assert_true(r.schedules >= 300 && r.schedules < 500);
}

static void limits_are_counted_and_spoil_completeness(void **state)
{
    struct survey          s = {.length = 5, .verdict = EXPLORE_STEP_LIMIT};
    struct explore_options o = options(EXPLORE_DFS, 0);
    struct explore_result  r = search(&s, &o);

    (void)state;
    assert_int_equal(r.schedules, 243);
    assert_int_equal(r.verdicts[EXPLORE_STEP_LIMIT], 243);
    assert_int_equal(r.end, EXPLORE_END_ALL);
    assert_false(r.complete);
    assert_int_equal(r.choices_max, 5);
    assert_int_equal(r.choices, 5 * 243);
}

static void schedules_max_stops_depth_first(void **state)
{
    struct survey          s = {.length = 5};
    struct explore_options o = options(EXPLORE_DFS, 100);
    struct explore_result  r = search(&s, &o);

    (void)state;
    assert_int_equal(r.schedules, 100);
    assert_int_equal(r.end, EXPLORE_END_SCHEDULES);
    assert_false(r.complete);
}

static void keep_going_counts_findings(void **state)
{
    struct survey          s = {.length = 4, .verdict = EXPLORE_FINDING};
    struct explore_options o = options(EXPLORE_DFS, 0);

    (void)state;
    o.keep_going = true;
    struct explore_result r = search(&s, &o);

    assert_int_equal(r.verdicts[EXPLORE_FINDING], 81);
    assert_int_equal(r.end, EXPLORE_END_ALL);
    assert_true(r.found);
    assert_int_equal(r.finding_schedule, 0);
    explore_result_fini(&r);
}

static void an_error_of_the_program_ends_the_search(void **state)
{
    struct survey          s = {.length = 4, .rc = -EIO};
    struct explore_options o = options(EXPLORE_DFS, 0);

    (void)state;
    search(&s, &o);
    assert_int_equal(s.runs, 1);
}

static void senseless_options_are_refused(void **state)
{
    struct explore_options o = options(EXPLORE_UNIFORM, 0);
    struct explore        *x = explore_create();
    struct survey          s = {.length = 4};
    struct explore_target  t = {survey_run, &s};
    struct explore_result  r = {0};

    (void)state;
    assert_int_equal(explore_search(x, &o, &t, &r), -EINVAL); /* would never end */
    o.schedules_max = 1;
    o.budget_ns = 1;
    assert_int_equal(explore_search(x, &o, &t, &r), -EINVAL); /* no clock */
    o.budget_ns = 0;
    o.shard = 1;
    assert_int_equal(explore_search(x, &o, &t, &r), -EINVAL);
    o.shard = 0;
    o.strategy = EXPLORE_PCT;
    o.depth = EXPLORE_DEPTH_MAX + 1;
    assert_int_equal(explore_search(x, &o, &t, &r), -EINVAL);
    assert_int_equal(s.runs, 0);
    explore_destroy(x);
}

/* More alternatives than a record can hold must not be mistaken for others. */
static int huge_run(void *ctx, struct choice_source *c, struct explore_outcome *out)
{
    (void)out;
    c->pick(c, *(unsigned *)ctx, CHOICE_USER);
    return 0;
}

static void too_many_alternatives_are_an_error(void **state)
{
    unsigned               n = EXPLORE_ALTERNATIVES_MAX;
    struct explore        *x = explore_create();
    struct explore_options o = options(EXPLORE_UNIFORM, 10);
    struct explore_target  t = {huge_run, &n};
    struct explore_result  r = {0};

    (void)state;
    assert_int_equal(explore_search(x, &o, &t, &r), 0);
    n++;
    assert_int_equal(explore_search(x, &o, &t, &r), -EOVERFLOW);
    explore_destroy(x);
}

/* rng_at(0, k) is splitmix64 seeded with 0: its published first values. */
static void random_numbers_are_splitmix64(void **state)
{
    (void)state;
    assert_true(rng_at(0, 0) == 0xe220a8397b1dcdafull);
    assert_true(rng_at(0, 1) == 0x6e789e6aa1b965f4ull);
    assert_true(rng_at(0, 2) == 0x06c45d188009454full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uniform_is_uniform),
        cmocka_unit_test(sticky_switches_at_its_rate),
        cmocka_unit_test(pct_has_at_most_depth_switches),
        cmocka_unit_test(random_has_few_and_many_switches),
        cmocka_unit_test(user_choices_are_uniform_in_every_random_strategy),
        cmocka_unit_test(shards_divide_the_numbers),
        cmocka_unit_test(another_seed_gives_other_schedules),
        cmocka_unit_test(budget_and_progress_use_the_callers_clock),
        cmocka_unit_test(limits_are_counted_and_spoil_completeness),
        cmocka_unit_test(schedules_max_stops_depth_first),
        cmocka_unit_test(keep_going_counts_findings),
        cmocka_unit_test(an_error_of_the_program_ends_the_search),
        cmocka_unit_test(senseless_options_are_refused),
        cmocka_unit_test(too_many_alternatives_are_an_error),
        cmocka_unit_test(random_numbers_are_splitmix64),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
