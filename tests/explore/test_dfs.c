/* SPDX-License-Identifier: MIT */
/* machines: none */
/* Depth-first search: the number of schedules is the one that combinatorics says, none is run twice, few switches first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "explore/dfs.h"
#include "explore/explore.h"
#include "explore/toy.h"

/* Wraps a program: notes each schedule of each run and its number of switches. */
struct audit {
    struct choice_source  choices;
    struct choice_source *inner;
    struct explore_target program;
    struct toy_set        seen;
    uint64_t              hash, runs, twice;
    unsigned              switches, switches_max;
    bool                  unordered; /* a schedule had fewer switches than one before it */
};

static unsigned audit_pick(struct choice_source *c, unsigned n, enum choice_tag tag)
{
    struct audit *a = (struct audit *)c;
    unsigned      pick = a->inner->pick(a->inner, n, tag);

    assert_true(pick < n);
    a->hash = rng_mix(a->hash * 31 + pick + 1);
    a->switches += pick != 0;
    return pick;
}

static int audit_run(void *ctx, struct choice_source *c, struct explore_outcome *out)
{
    struct audit *a = ctx;

    a->inner = c;
    a->choices.pick = audit_pick;
    a->hash = 1;
    a->switches = 0;
    a->runs++;
    int rc = a->program.run(a->program.ctx, &a->choices, out);

    if (!toy_set_add(&a->seen, a->hash))
        a->twice++;
    a->unordered |= a->switches < a->switches_max;
    if (a->switches > a->switches_max)
        a->switches_max = a->switches;
    return rc;
}

static struct explore_result search(struct audit *a, const struct explore_options *o)
{
    struct explore       *x = explore_create();
    struct explore_result r = {0};
    struct explore_target t = {audit_run, a};

    assert_non_null(x);
    assert_int_equal(explore_search(x, o, &t, &r), 0);
    explore_destroy(x);
    assert_int_equal(r.end, EXPLORE_END_ALL);
    assert_true(r.complete);
    assert_int_equal(a->twice, 0);
    free(a->seen.v);
    a->seen = (struct toy_set){0};
    return r;
}

static struct explore_options dfs(uint32_t bound)
{
    struct explore_options o = EXPLORE_OPTIONS_DEFAULT;

    o.strategy = EXPLORE_DFS;
    o.bound = bound;
    o.determinism_every = 0;
    return o;
}

/* Sum over all ways to pick at most d of the choices of the product of (n - 1). */
static uint64_t list_count(const struct toy_list *t, unsigned d)
{
    uint64_t ways[33] = {1}, sum = 0;

    for (unsigned i = 0; i < t->count; i++)
        for (unsigned k = i + 1; k > 0; k--)
            ways[k] += ways[k - 1] * (t->n[i] - 1);
    for (unsigned k = 0; k <= t->count && k <= d; k++)
        sum += ways[k];
    return sum;
}

static void a_list_of_choices_with_and_without_bound(void **state)
{
    struct toy_list list = {.count = 9, .n = {2, 3, 2, 4, 2, 2, 3, 5, 2}};

    (void)state;
    for (unsigned bound = 0; bound <= 10; bound++) {
        struct audit           a = {.program = {toy_list_run, &list}};
        struct explore_options o = dfs(bound == 10 ? EXPLORE_NO_BOUND : bound);
        struct explore_result  r = search(&a, &o);

        assert_int_equal(r.schedules, list_count(&list, bound));
        assert_int_equal(a.runs, r.schedules);
        assert_false(a.unordered);
        assert_int_equal(r.exhaustive, bound >= 9);
        assert_int_equal(a.switches_max, bound < 9 ? bound : 9);
    }
    assert_int_equal(list_count(&list, 9), 2 * 3 * 2 * 4 * 2 * 2 * 3 * 5 * 2);
}

static void all_interleavings_of_threads(void **state)
{
    struct toy_threads     two = {.threads = 2, .steps = {7, 6}};
    struct toy_threads     three = {.threads = 3, .steps = {3, 4, 2}};
    struct audit           a = {.program = {toy_threads_run, &two}};
    struct audit           b = {.program = {toy_threads_run, &three}};
    struct explore_options o = dfs(EXPLORE_NO_BOUND);

    (void)state;
    assert_int_equal(search(&a, &o).schedules, toy_choose(13, 6));
    assert_int_equal(search(&b, &o).schedules, toy_choose(9, 3) * toy_choose(6, 4));
    assert_false(a.unordered || b.unordered);
}

/* One switch from thread 0 to thread 1, which then runs to its end: as many schedules as thread 0 has steps; with two
 * switches: from and back. */
static void few_switches_between_two_threads(void **state)
{
    struct toy_threads     two = {.threads = 2, .steps = {5, 4}};
    struct audit           a = {.program = {toy_threads_run, &two}}, b = a;
    struct explore_options o = dfs(1);

    (void)state;
    assert_int_equal(search(&a, &o).schedules, 1 + 5);
    o.bound = 2; /* switch at one of 5 steps, back after 1, 2 or 3 of thread 1's 4 */
    assert_int_equal(search(&b, &o).schedules, 1 + 5 + 5 * 3);
}

/* Without memory for nodes the order changes, the set does not. */
static void little_memory_changes_only_the_order(void **state)
{
    struct toy_list        list = {.count = 9, .n = {2, 3, 2, 4, 2, 2, 3, 5, 2}};
    struct toy_threads     three = {.threads = 3, .steps = {3, 4, 2}};
    struct explore_options o = dfs(EXPLORE_NO_BOUND);

    (void)state;
    for (size_t nodes = 0; nodes < 200; nodes += 1 + nodes / 3) {
        struct audit a = {.program = {toy_list_run, &list}}, b = {.program = {toy_threads_run, &three}};

        o.memory_max = nodes * 24;
        o.bound = EXPLORE_NO_BOUND;
        assert_true(search(&a, &o).exhaustive);
        assert_int_equal(a.runs, list_count(&list, 9));
        if (nodes < 10) /* not even the schedules with one switch fit */
            assert_true(a.unordered);
        assert_true(search(&b, &o).exhaustive);
        assert_int_equal(b.runs, toy_choose(9, 3) * toy_choose(6, 4));
        a = (struct audit){.program = {toy_list_run, &list}};
        o.bound = 3;
        assert_false(search(&a, &o).exhaustive);
        assert_int_equal(a.runs, list_count(&list, 3));
    }
}

static void shards_are_disjoint_and_complete(void **state)
{
    struct toy_threads three = {.threads = 3, .steps = {3, 4, 2}};

    (void)state;
    for (unsigned shards = 2; shards <= 5; shards++) {
        for (unsigned little = 0; little < 2; little++) {
            struct toy_set         all = {0};
            uint64_t               sum = 0;
            struct explore_options o = dfs(EXPLORE_NO_BOUND);

            o.shards = shards;
            o.memory_max = little ? 0 : 1 << 20;
            for (o.shard = 0; o.shard < shards; o.shard++) {
                struct audit          a = {.program = {toy_threads_run, &three}};
                struct explore_result r = search(&a, &o);

                sum += r.schedules;
                assert_int_equal(a.runs, r.schedules + (o.shard != 0));
                /* every schedule's order of steps, without the root that each shard runs */
                toy_set_add(&all, a.hash);
            }
            assert_int_equal(sum, toy_choose(9, 3) * toy_choose(6, 4));
            free(all.v);
        }
    }
}

/* Switches only at marked indexes, as the shrinker asks for: at each the number is that of the marked choices alone. */
static void a_restricted_search_switches_only_where_it_may(void **state)
{
    static const uint8_t window[7] = {0, 1, 1, 0, 0, 1, 0}; /* shorter than the list: nothing behind is marked */
    struct toy_list      list = {.count = 9, .n = {2, 3, 2, 4, 2, 2, 3, 5, 2}}, marked = {.count = 3, .n = {3, 2, 2}};

    (void)state;
    for (uint32_t bound = 0; bound <= 3; bound++) {
        struct source s = {0};
        struct dfs    d = {0};
        uint64_t      runs = 0;

        dfs_begin(&d, bound, 0, 1, 1 << 20);
        dfs_restrict(&d, window, sizeof(window));
        while (dfs_next(&d, &s) == 1) {
            struct explore_outcome out;

            toy_list_run(&list, &s.choices, &out);
            for (unsigned i = 0; i < list.count; i++)
                assert_true(list.picks[i] == 0 || (i < sizeof(window) && window[i]));
            assert_false(s.diverged);
            assert_int_equal(dfs_ran(&d, &s), 0);
            runs++;
        }
        assert_int_equal(runs, list_count(&marked, bound));
        dfs_fini(&d);
        source_fini(&s);
    }
}

static void a_program_without_choices_has_one_schedule(void **state)
{
    struct toy_list        list = {.count = 0};
    struct audit           a = {.program = {toy_list_run, &list}};
    struct explore_options o = dfs(EXPLORE_NO_BOUND);
    struct explore_result  r = search(&a, &o);

    (void)state;
    assert_int_equal(r.schedules, 1);
    assert_true(r.exhaustive);
}

struct fractions {
    uint64_t clock, reports;
    double   last;
    uint32_t level;
};

static uint64_t tick(void *io)
{
    return ((struct fractions *)io)->clock += 1000;
}

static int note(void *io, const struct explore_progress *p)
{
    struct fractions *f = io;

    assert_true(p->fraction >= 0 && p->fraction <= 1);
    if (p->level == f->level)
        assert_true(p->fraction >= f->last);
    f->last = p->fraction;
    f->level = p->level;
    f->reports++;
    return 0;
}

static void progress_rises_within_a_level(void **state)
{
    struct toy_threads three = {.threads = 3, .steps = {4, 4, 3}};

    (void)state;
    for (unsigned little = 0; little < 2; little++) {
        struct audit           a = {.program = {toy_threads_run, &three}};
        struct fractions       f = {0};
        struct explore_options o = dfs(EXPLORE_NO_BOUND);

        o.clock = tick;
        o.progress = note;
        o.progress_ns = 1;
        o.io = &f;
        o.memory_max = little ? 0 : 1 << 20;
        search(&a, &o);
        assert_true(f.reports > 100);
        assert_true(f.last > 0.5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_of_choices_with_and_without_bound),
        cmocka_unit_test(all_interleavings_of_threads),
        cmocka_unit_test(few_switches_between_two_threads),
        cmocka_unit_test(little_memory_changes_only_the_order),
        cmocka_unit_test(shards_are_disjoint_and_complete),
        cmocka_unit_test(a_restricted_search_switches_only_where_it_may),
        cmocka_unit_test(a_program_without_choices_has_one_schedule),
        cmocka_unit_test(progress_rises_within_a_level),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
