/* SPDX-License-Identifier: MIT */
/* machines: none */
/* Schedule strings: round trip, precise refusals, length. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "explore/explore.h"

static void text_of_a_typical_schedule(void **state)
{
    struct explore_switch   sw[] = {{17, 1, 3, CHOICE_STEP}, {23, 2, 4, CHOICE_DISPATCH}, {104, 1, 2, CHOICE_USER}};
    struct explore_schedule s = {
        .build = 0x9ac0f3d2, .level = "api", .cpus = 2, .seed = 4711, .switches = sw, .count = 3};
    char text[81];

    (void)state;
    assert_true(explore_schedule_format(&s, text, sizeof(text)) < sizeof(text));
    assert_string_equal(text, "v1.9ac0f3d2.api.p2.s4711.17:1/3-23:2/4d-104:1/2u");
    s.count = 0;
    explore_schedule_format(&s, text, sizeof(text));
    assert_string_equal(text, "v1.9ac0f3d2.api.p2.s4711.-");
}

/* As snprintf: the length it wants, what fits, always terminated. */
static void a_short_buffer_is_cut(void **state)
{
    struct explore_schedule s = {.build = 1, .level = "api", .cpus = 1};
    char                    text[10] = "XXXXXXXXX";

    (void)state;
    assert_int_equal(explore_schedule_format(&s, NULL, 0), 23);
    assert_int_equal(explore_schedule_format(&s, text, sizeof(text)), 23);
    assert_string_equal(text, "v1.000000");
}

static void random_schedule(struct explore_schedule *s, uint64_t seed)
{
    static const char *const levels[] = {"api", "atomic", "memory"};
    uint32_t                 index = 0;

    s->build = (uint32_t)rng_at(seed, 0);
    s->seed = rng_at(seed, 1);
    s->cpus = 1 + rng_at(seed, 2) % 64;
    snprintf(s->level, sizeof(s->level), "%s", levels[rng_at(seed, 3) % 3]);
    s->count = 0;
    for (uint64_t i = 0; i < rng_at(seed, 4) % 200; i++) {
        uint64_t              bits = rng_at(seed, 5 + i);
        struct explore_switch sw = {.index = index, .n = (bits & 1) ? 2 + (bits >> 8) % 1000 : 0};

        sw.pick = 1 + (uint32_t)((bits >> 24) % (sw.n ? sw.n - 1 : 1000));
        sw.tag = sw.n ? (enum choice_tag)((bits >> 40) % CHOICE_TAG_COUNT) : CHOICE_STEP;
        index += 1 + (uint32_t)(bits >> 48);
        assert_int_equal(explore_schedule_add(s, &sw), 0);
    }
}

static void round_trip(void **state)
{
    struct explore_schedule a = {0}, b = {0}, c = {0};

    (void)state;
    for (uint64_t seed = 0; seed < 300; seed++) {
        static char text[16384], again[16384];
        char        error[100];

        random_schedule(&a, seed);
        assert_true(explore_schedule_format(&a, text, sizeof(text)) < sizeof(text));
        assert_int_equal(explore_schedule_parse(&b, text, error, sizeof(error)), 0);
        assert_int_equal(explore_schedule_copy(&c, &b), 0);
        assert_int_equal(c.build, a.build);
        assert_int_equal(c.seed, a.seed);
        assert_int_equal(c.cpus, a.cpus);
        assert_string_equal(c.level, a.level);
        assert_int_equal(c.count, a.count);
        for (size_t i = 0; i < a.count; i++)
            assert_memory_equal(&c.switches[i], &a.switches[i], sizeof(a.switches[i]));
        explore_schedule_format(&c, again, sizeof(again));
        assert_string_equal(again, text);
    }
    explore_schedule_fini(&a);
    explore_schedule_fini(&b);
    explore_schedule_fini(&c);
}

static void refusals_name_the_place(void **state)
{
    static const struct {
        const char *text, *error;
    } bad[] = {
        {"", "\"\" is not a schedule: they begin with \"v1.\""},
        {"fail.sched", "\"fail\" is not a schedule: they begin with \"v1.\""},
        {"v1", "\"v1\" is not a schedule: they begin with \"v1.\""},
        {"v2.9ac0f3d2.api.p2.s1.-", "schedule format v2 is not known here (this is v1)"},
        {"v1.9ac0f3d.api.p2.s1.-", "build id \"9ac0f3d\" is not 8 hexadecimal digits"},
        {"v1.9ac0f3d2a.api.p2.s1.-", "build id \"9ac0f3d2a\" is not 8 hexadecimal digits"},
        {"v1.9AC0F3D2.api.p2.s1.-", "build id \"9AC0F3D2\" is not 8 hexadecimal digits"},
        {"v1.9ac0f3d2..p2.s1.-", "point level \"\" is not a name"},
        {"v1.9ac0f3d2.Api.p2.s1.-", "point level \"Api\" is not a name"},
        {"v1.9ac0f3d2.abcdefghijklmnop.p2.s1.-", "point level \"abcdefghijklmnop\" is not a name"},
        {"v1.9ac0f3d2.api.2.s1.-", "processors: expected \"p<number>.\", not \"2\""},
        {"v1.9ac0f3d2.api.p0.s1.-", "processors \"p0\" is not a number from 1 to 64"},
        {"v1.9ac0f3d2.api.p65.s1.-", "processors \"p65\" is not a number from 1 to 64"},
        {"v1.9ac0f3d2.api.p2.s.-", "seed \"s\" is not a number from 0 to 18446744073709551615"},
        {"v1.9ac0f3d2.api.p2.s18446744073709551616.-",
            "seed \"s18446744073709551616\" is not a number from 0 to 18446744073709551615"},
        {"v1.9ac0f3d2.api.p2.s1", "seed \"s1\" is not a number from 0 to 18446744073709551615"},
        {"v1.9ac0f3d2.api.p2.s1.", "switch 1: expected \"index:pick/alternatives\", not \"\""},
        {"v1.9ac0f3d2.api.p2.s1.4", "switch 1: expected \"index:pick/alternatives\", not \"4\""},
        {"v1.9ac0f3d2.api.p2.s1.4:1/3-", "switch 2: expected \"index:pick/alternatives\", not \"\""},
        {"v1.9ac0f3d2.api.p2.s1.4:1/3-9:1/1", "switch 2: expected \"index:pick/alternatives\", not \"9:1/1\""},
        {"v1.9ac0f3d2.api.p2.s1.4:1/3x", "switch 1: expected \"index:pick/alternatives\", not \"4:1/3x\""},
        {"v1.9ac0f3d2.api.p2.s1.4:1/3 ", "switch 1: expected \"index:pick/alternatives\", not \"4:1/3 \""},
        {"v1.9ac0f3d2.api.p2.s1.4:0/3", "switch 1: pick 0 is no switch"},
        {"v1.9ac0f3d2.api.p2.s1.4:3/3", "switch 1: pick 3 of 3 alternatives (they count from 0)"},
        {"v1.9ac0f3d2.api.p2.s1.4:1/3-4:1/3", "switch 2: index 4 does not come after 4"},
        {"v1.9ac0f3d2.api.p2.s1.4294967296:1", "switch 1: expected \"index:pick/alternatives\", not \"4294967296:1\""},
    };
    struct explore_schedule s = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char error[160] = "";

        assert_int_equal(explore_schedule_parse(&s, bad[i].text, error, sizeof(error)), -EINVAL);
        assert_string_equal(error, bad[i].error);
    }
    explore_schedule_fini(&s);
}

static void another_build_or_machine_is_refused(void **state)
{
    struct explore_schedule s = {0};
    char                    error[160];

    (void)state;
    assert_int_equal(explore_schedule_parse(&s, "v1.9ac0f3d2.api.p2.s1.4:1", error, sizeof(error)), 0);
    assert_int_equal(explore_schedule_check(&s, 0x9ac0f3d2, "api", 2, error, sizeof(error)), 0);
    assert_int_equal(explore_schedule_check(&s, 0x9ac0f3d2, NULL, 0, error, sizeof(error)), 0);
    assert_int_equal(explore_schedule_check(&s, 0x5f21aa01, "api", 2, error, sizeof(error)), -EINVAL);
    assert_string_equal(error, "schedule was recorded with another build (9ac0f3d2, this is 5f21aa01)");
    assert_int_equal(explore_schedule_check(&s, 0x9ac0f3d2, "memory", 2, error, sizeof(error)), -EINVAL);
    assert_string_equal(error, "schedule was recorded at point level api, this run has memory");
    assert_int_equal(explore_schedule_check(&s, 0x9ac0f3d2, "api", 1, error, sizeof(error)), -EINVAL);
    assert_string_equal(error, "schedule needs 2 processors, this run has 1");
    explore_schedule_fini(&s);
}

/* Anything may come from a command line. */
static void mutilated_text_is_survived(void **state)
{
    static const char       good[] = "v1.9ac0f3d2.api.p2.s4711.17:1/3-23:2/4d-104:1/2u";
    struct explore_schedule s = {0};

    (void)state;
    for (uint64_t seed = 0; seed < 20000; seed++) {
        char text[sizeof(good)], error[40];

        memcpy(text, good, sizeof(good));
        for (uint64_t i = 0; i <= seed % 3; i++)
            text[rng_at(seed, 2 * i) % (sizeof(good) - 1)] = (char)(rng_at(seed, 2 * i + 1) % 128);
        if (explore_schedule_parse(&s, text, error, sizeof(error)) == 0) {
            char again[2 * sizeof(good)];

            assert_true(explore_schedule_format(&s, again, sizeof(again)) < sizeof(again));
            assert_int_equal(explore_schedule_parse(&s, again, error, sizeof(error)), 0);
        }
    }
    explore_schedule_fini(&s);
}

static void strategies_have_names(void **state)
{
    static const char *const names[] = {"random", "uniform", "sticky:7", "pct:3", "dfs", "dfs:2"};
    static const struct {
        const char *text, *error;
    } bad[] = {
        {"", "strategy \"\" is not known: random, uniform, sticky:N, pct:D, dfs, dfs:D"},
        {"rand", "strategy \"rand\" is not known: random, uniform, sticky:N, pct:D, dfs, dfs:D"},
        {"pct:", "\"\" is not a number from 1 to 16"},
        {"pct:17", "\"17\" is not a number from 1 to 16"},
        {"dfs:x", "\"x\" is not a number"},
        {"uniform:2", "strategy uniform takes no number"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct explore_options o = EXPLORE_OPTIONS_DEFAULT;
        char                   text[20], error[100];

        assert_int_equal(explore_strategy_parse(&o, names[i], error, sizeof(error)), 0);
        explore_strategy_format(&o, text, sizeof(text));
        assert_string_equal(text, names[i]);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct explore_options o = EXPLORE_OPTIONS_DEFAULT;
        char                   error[100];

        assert_int_equal(explore_strategy_parse(&o, bad[i].text, error, sizeof(error)), -EINVAL);
        assert_string_equal(error, bad[i].error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_of_a_typical_schedule),
        cmocka_unit_test(a_short_buffer_is_cut),
        cmocka_unit_test(round_trip),
        cmocka_unit_test(refusals_name_the_place),
        cmocka_unit_test(another_build_or_machine_is_refused),
        cmocka_unit_test(mutilated_text_is_survived),
        cmocka_unit_test(strategies_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
