/* SPDX-License-Identifier: MIT */
/* machines: none */
/* A schedule replays what was found; a program that is no longer the same, or never was, is caught at its first difference. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "explore/explore.h"
#include "explore/toy.h"

/* Finding when thread 1 begins after step 3 of thread 0. */
static bool early(struct toy_threads *t, unsigned thread, unsigned step)
{
    return thread == 1 && step == 0 && t->done[0] == 4;
}

static const struct toy_threads early_bug = {.threads = 3, .steps = {9, 8, 7}, .step = early, .finding = 77};

/* Every finding of many searches comes back through its string, byte for byte the same run. */
static void findings_replay_through_their_string(void **state)
{
    struct toy_threads    toy = early_bug;
    struct explore       *x = explore_create();
    struct explore_target t = {toy_threads_run, &toy};

    (void)state;
    for (uint64_t seed = 0; seed < 40; seed++) {
        struct explore_options       o = EXPLORE_OPTIONS_DEFAULT;
        struct explore_result        r = {0};
        struct explore_replay_result p;
        struct explore_schedule      s = {0};
        uint8_t                      order[sizeof(toy.order)];
        char                         text[1000], error[100];

        o.strategy = (enum explore_strategy)(seed % 5);
        o.seed = seed;
        o.schedules_max = 100000;
        assert_int_equal(explore_search(x, &o, &t, &r), 0);
        assert_int_equal(r.end, EXPLORE_END_FINDING);
        assert_int_equal(r.finding, 77);
        unsigned length = toy.length;

        memcpy(order, toy.order, length);
        memcpy(r.schedule.level, "api", 4);
        r.schedule.cpus = 1;
        assert_true(explore_schedule_format(&r.schedule, text, sizeof(text)) < sizeof(text));
        assert_int_equal(explore_schedule_parse(&s, text, error, sizeof(error)), 0);
        assert_int_equal(s.seed, seed);
        assert_int_equal(explore_replay(x, &t, &s, 0, &p), 0);
        assert_false(p.diverged);
        assert_int_equal(p.outcome.finding, 77);
        assert_int_equal(toy.length, length);
        assert_memory_equal(toy.order, order, length);
        uint64_t fingerprint = p.fingerprint;

        assert_int_equal(explore_replay(x, &t, &s, 0, &p), 0);
        assert_int_equal(p.fingerprint, fingerprint);
        explore_schedule_fini(&s);
        explore_result_fini(&r);
    }
    explore_destroy(x);
}

static struct explore_replay_result replay(struct toy_threads *toy, const char *text, unsigned flags)
{
    struct explore              *x = explore_create();
    struct explore_target        t = {toy_threads_run, toy};
    struct explore_schedule      s = {0};
    struct explore_replay_result r;
    char                         error[100];

    assert_int_equal(explore_schedule_parse(&s, text, error, sizeof(error)), 0);
    assert_int_equal(explore_replay(x, &t, &s, flags, &r), 0);
    assert_int_equal(explore_choices(x), r.choices);
    explore_schedule_fini(&s);
    explore_destroy(x);
    return r;
}

static void expect_divergence(const struct explore_replay_result *r, uint32_t index, const char *text)
{
    char line[120];

    assert_true(r->diverged);
    assert_int_equal(r->divergence.index, index);
    assert_true(explore_divergence_format(&r->divergence, line, sizeof(line)) < sizeof(line));
    assert_string_equal(line, text);
}

static void a_changed_program_diverges_at_its_switch(void **state)
{
    struct toy_threads           two = {.threads = 2, .steps = {9, 8}}, three = {.threads = 3, .steps = {9, 8, 7}};
    struct explore_replay_result r;

    (void)state;
    r = replay(&three, "v1.00000000.api.p1.s1.4:1/3-6:1/3", 0);
    assert_false(r.diverged);
    r = replay(&two, "v1.00000000.api.p1.s1.4:1/3-6:1/3", 0);
    expect_divergence(&r, 4, "choice 4 had 3 alternatives (step) when recorded, now 2 (step)");
    r = replay(&three, "v1.00000000.api.p1.s1.8:1/2d", 0);
    expect_divergence(&r, 8, "choice 8 had 2 alternatives (dispatch) when recorded, now 3 (step)");
    r = replay(&three, "v1.00000000.api.p1.s1.8:1/3d", 0);
    expect_divergence(&r, 8, "choice 8 had 3 alternatives (dispatch) when recorded, now 3 (step)");
}

static void a_run_that_ends_too_early_diverges(void **state)
{
    struct toy_threads           two = {.threads = 2, .steps = {9, 8}};
    struct explore_replay_result r = replay(&two, "v1.00000000.api.p1.s1.4:1/2-600:1/3u", 0);

    (void)state;
    expect_divergence(&r, 600, "choice 600 had 3 alternatives (user) when recorded, now the run ends before it");
}

static void a_pick_without_n_is_checked_against_what_there_is(void **state)
{
    struct toy_threads           three = {.threads = 3, .steps = {9, 8, 7}};
    struct explore_replay_result r = replay(&three, "v1.00000000.api.p1.s1.4:2-6:3", 0);

    (void)state;
    expect_divergence(&r, 6, "choice 6 takes alternative 3, but there are only 3 (step)");
}

/* Strict: the default scheduler goes on. Loose: random switches, the same each time. */
static void loose_replay_goes_on_at_random(void **state)
{
    struct toy_threads           two = {.threads = 2, .steps = {90, 80}};
    struct explore_replay_result r;
    uint8_t                      order[sizeof(two.order)];

    (void)state;
    r = replay(&two, "v1.00000000.api.p1.s1.4:1/3", 0);
    assert_true(r.diverged);
    for (unsigned i = 0; i < 90; i++)
        assert_int_equal(two.order[i], 0);
    r = replay(&two, "v1.00000000.api.p1.s1.4:1/3", EXPLORE_REPLAY_LOOSE);
    expect_divergence(&r, 4, "choice 4 had 3 alternatives (step) when recorded, now 2 (step)");
    memcpy(order, two.order, two.length);
    assert_non_null(memchr(order, 1, 90));
    replay(&two, "v1.00000000.api.p1.s1.4:1/3", EXPLORE_REPLAY_LOOSE);
    assert_memory_equal(two.order, order, two.length);
    replay(&two, "v1.00000000.api.p1.s2.4:1/3", EXPLORE_REPLAY_LOOSE);
    assert_memory_not_equal(two.order, order, two.length);
}

/* ---- programs that are not functions of their picks ---- */

enum fault { FAULT_NONE, FAULT_ALTERNATIVES, FAULT_TAG, FAULT_LONGER, FAULT_SHORTER, FAULT_TRACE, FAULT_FINDING };

struct flaky {
    enum fault fault;
    uint64_t   runs, from; /* from this run on */
};

static int flaky_run(void *ctx, struct choice_source *c, struct explore_outcome *out)
{
    struct flaky *f = ctx;
    bool          now = f->runs++ >= f->from;
    unsigned      count = 10;

    if (now && f->fault == FAULT_LONGER)
        count = 11;
    if (now && f->fault == FAULT_SHORTER)
        count = 9;
    for (unsigned i = 0; i < count; i++) {
        bool here = now && i == 6;

        c->pick(c, here && f->fault == FAULT_ALTERNATIVES ? 3 : 2,
            here && f->fault == FAULT_TAG ? CHOICE_FAULT : CHOICE_STEP);
    }
    out->trace = now && f->fault == FAULT_TRACE;
    out->verdict = now && f->fault == FAULT_FINDING ? EXPLORE_FINDING : EXPLORE_OK;
    return 0;
}

static const struct {
    enum fault  fault;
    uint32_t    index;
    const char *text;
} faults[] = {
    {FAULT_ALTERNATIVES, 6, "choice 6 had 2 alternatives (step) when recorded, now 3 (step)"},
    {FAULT_TAG, 6, "choice 6 had 2 alternatives (step) when recorded, now 2 (fault)"},
    {FAULT_LONGER, 10, "the run ended before choice 10 when recorded, now it has 2 alternatives (step)"},
    {FAULT_SHORTER, 9, "choice 9 had 2 alternatives (step) when recorded, now the run ends before it"},
    {FAULT_TRACE, 10, "all 10 choices agree, but the outcome differs"},
    {FAULT_FINDING, 10, "all 10 choices agree, but the outcome differs"},
};

static void the_determinism_check_names_the_first_difference(void **state)
{
    struct explore         *x = explore_create();
    struct explore_schedule s = {0};

    (void)state;
    assert_int_equal(explore_schedule_add(&s, &(struct explore_switch){.index = 3, .pick = 1}), 0);
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        struct flaky                 f = {.fault = faults[i].fault, .from = 1};
        struct explore_target        t = {flaky_run, &f};
        struct explore_replay_result r;

        assert_int_equal(explore_check_determinism(x, &t, &s, &r), 0);
        expect_divergence(&r, faults[i].index, faults[i].text);
    }
    struct flaky                 f = {0};
    struct explore_target        t = {flaky_run, &f};
    struct explore_replay_result r;

    assert_int_equal(explore_check_determinism(x, &t, &s, &r), 0);
    assert_false(r.diverged);
    assert_int_equal(f.runs, 2);
    explore_schedule_fini(&s);
    explore_destroy(x);
}

/* Depth-first notices by itself when a prefix it knows meets other choices; the others when they run one twice. */
static void a_search_stops_at_nondeterminism(void **state)
{
    struct explore *x = explore_create();

    (void)state;
    for (int strategy = EXPLORE_RANDOM; strategy <= EXPLORE_DFS; strategy++) {
        struct flaky           f = {.fault = FAULT_ALTERNATIVES, .from = 300};
        struct explore_target  t = {flaky_run, &f};
        struct explore_options o = EXPLORE_OPTIONS_DEFAULT;
        struct explore_result  r = {0};

        o.strategy = (enum explore_strategy)strategy;
        o.schedules_max = 1000;
        o.determinism_every = strategy == EXPLORE_DFS ? 0 : 1;
        if (strategy != EXPLORE_DFS)
            f.from = 301; /* the second of a pair */
        assert_int_equal(explore_search(x, &o, &t, &r), 0);
        assert_int_equal(r.end, EXPLORE_END_DIVERGED);
        assert_int_equal(r.divergence.index, 6);
        assert_false(r.complete);
        explore_result_fini(&r);
    }
    explore_destroy(x);
}

/* A finding that does not come back is reported as such, with its schedule. */
static void a_finding_that_does_not_replay_is_a_divergence(void **state)
{
    struct explore        *x = explore_create();
    struct flaky           f = {.fault = FAULT_FINDING, .from = 51};
    struct explore_target  t = {flaky_run, &f};
    struct explore_options o = EXPLORE_OPTIONS_DEFAULT;
    struct explore_result  r = {0};

    (void)state;
    o.strategy = EXPLORE_DFS;
    o.determinism_every = 50 - 1; /* schedules 0 and 49: the second run of 49 is the first that finds */
    assert_int_equal(explore_search(x, &o, &t, &r), 0);
    assert_int_equal(r.end, EXPLORE_END_DIVERGED);
    assert_true(r.divergence.outcome);
    explore_result_fini(&r);
    explore_destroy(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(findings_replay_through_their_string),
        cmocka_unit_test(a_changed_program_diverges_at_its_switch),
        cmocka_unit_test(a_run_that_ends_too_early_diverges),
        cmocka_unit_test(a_pick_without_n_is_checked_against_what_there_is),
        cmocka_unit_test(loose_replay_goes_on_at_random),
        cmocka_unit_test(the_determinism_check_names_the_first_difference),
        cmocka_unit_test(a_search_stops_at_nondeterminism),
        cmocka_unit_test(a_finding_that_does_not_replay_is_a_divergence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
