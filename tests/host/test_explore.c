/* SPDX-License-Identifier: MIT */
/* machines: sim; links: shared */
/* dt_explore() and findings: search, shrink, replay, reports, deadlocks, images, suites. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <duetime/test.h>
#include <ntddk.h>

#include "host/state.h"

static char   text[65536];
static size_t text_used;

static void keep_text(void *io, const char *line)
{
    size_t n = strlen(line);

    (void)io;
    assert_true(n <= 103 || strstr(line, "Replay")); /* 100 columns, "# " and the end of the line */
    if (text_used + n < sizeof text)
        memcpy(text + text_used, line, n + 1);
    text_used += n;
}

static struct dt_explore_options options(const char *strategy)
{
    text[0] = '\0';
    text_used = 0;
    return (struct dt_explore_options){.strategy = strategy, .config = {.print = keep_text}};
}

/* ---- a lost update ---- */

struct account {
    LONG   balance;
    KEVENT unused;
};

static void deposit(void *ctx)
{
    struct account *a = ctx;
    LONG            was = a->balance;

    KeGetCurrentIrql(); /* a point: here the other one may come in between */
    KeClearEvent(&a->unused);
    a->balance = was + 1;
}

static void two_deposits(void *ctx)
{
    struct account a = {.balance = 0};

    (void)ctx;
    KeInitializeEvent(&a.unused, NotificationEvent, FALSE);
    dt_spawn(1, deposit, &a);
    deposit(&a);
    dt_join_all();
    dt_expect_eq(a.balance, 2);
}

static void test_lost_update_is_found_shrunk_and_replayed(void **state)
{
    struct dt_explore_options o = options("dfs:3");
    struct dt_explore_result  r, again;
    char                      first[sizeof text];

    (void)state;
    assert_int_equal(dt_explore(two_deposits, NULL, &o, &r), 0);
    assert_int_equal(r.end, DT_END_FINDING);
    assert_int_equal(r.run.verdict, DT_FINDING);
    assert_string_equal(r.run.finding.rule, "DT-X05");
    assert_non_null(strstr(r.run.finding.what, "expected a.balance to be 2"));
    assert_non_null(strstr(r.run.finding.where, "test_explore.c:"));
    assert_true(r.switches >= 1 && r.switches <= 2);
    assert_true(strncmp(r.schedule, "v1.", 3) == 0);
    assert_non_null(strstr(text, "What happened"));
    assert_non_null(strstr(text, "KeClearEvent(&a->unused)"));
    assert_non_null(strstr(text, "switch 1: "));
    memcpy(first, text, sizeof first);

    struct dt_explore_options replay = options("replay");

    replay.schedule = r.schedule;
    for (int i = 0; i < 100; i++) {
        text[0] = '\0';
        text_used = 0;
        assert_int_equal(dt_explore(two_deposits, NULL, &replay, &again), 0);
        assert_int_equal(again.end, DT_END_FINDING);
        assert_string_equal(text, first);
    }
}

static void test_random_finds_it_too(void **state)
{
    struct dt_explore_options o = options("random");
    struct dt_explore_result  r;

    (void)state;
    o.config.seed = 3;
    assert_int_equal(dt_explore(two_deposits, NULL, &o, &r), 0);
    assert_int_equal(r.end, DT_END_FINDING);
    assert_true(r.switches <= r.switches_found);
}

static void test_schedules_are_checked(void **state)
{
    struct dt_explore_options o = options("replay");
    struct dt_explore_result  r;

    (void)state;
    o.schedule = "v9.nonsense";
    assert_int_equal(dt_explore(two_deposits, NULL, &o, &r), -22);
    assert_true(r.error[0] != '\0');
    o.schedule = "v1.00000000.api.p2.s0.-";
    assert_int_equal(dt_explore(two_deposits, NULL, &o, &r), -22);
    assert_non_null(strstr(r.error, "build"));
    o = options("quickly");
    assert_int_equal(dt_explore(two_deposits, NULL, &o, &r), -22);
}

/* ---- choices of the test ---- */

static unsigned drawn[3][2];

static void draw(void *ctx)
{
    unsigned a = dt_choose(3), b = dt_choose(2);

    (void)ctx;
    drawn[a][b]++;
}

static void test_dfs_runs_every_choice_once(void **state)
{
    struct dt_explore_options o = options("dfs");
    struct dt_explore_result  r;

    (void)state;
    memset(drawn, 0, sizeof drawn);
    o.config.processors = 1;
    assert_int_equal(dt_explore(draw, NULL, &o, &r), 0);
    assert_true(r.complete && r.exhaustive);
    assert_int_equal(r.schedules, 6);
    for (int i = 0; i < 6; i++)
        assert_true(drawn[i / 2][i % 2] >= 1);
}

/* The lost update is not found where nothing is chosen; the two threads still take turns where one waits for the other. */
static void draw_paused(void *ctx)
{
    dt_explore_pause();
    unsigned none = dt_choose(3);

    two_deposits(ctx);
    dt_explore_resume();
    unsigned b = dt_choose(2);

    dt_explore_pause();
    dt_expect_eq(dt_choose(3), 0);
    drawn[none][b]++;
}

static void test_paused_choices_are_not_searched(void **state)
{
    struct dt_explore_options o = options("dfs");
    struct dt_explore_result  r;

    (void)state;
    memset(drawn, 0, sizeof drawn);
    assert_int_equal(dt_explore(draw_paused, NULL, &o, &r), 0);
    assert_true(r.complete && !r.exhaustive);
    assert_int_equal(r.schedules, 2);
    assert_true(drawn[0][0] >= 1 && drawn[0][1] >= 1);
    assert_int_equal(dt_explore(draw, NULL, &o, &r), 0); /* the pause ended with the run */
    assert_true(r.schedules >= 6 && r.exhaustive);
}

/* ---- machines that stand still ---- */

static void wait_for_ever(void *ctx)
{
    KEVENT never;

    (void)ctx;
    KeInitializeEvent(&never, NotificationEvent, FALSE);
    KeWaitForSingleObject(&never, Executive, KernelMode, FALSE, NULL);
}

static void test_deadlock_names_who_waits(void **state)
{
    struct dt_config c = {.print = keep_text};
    struct dt_result r;

    (void)state;
    options(NULL);
    assert_int_equal(dt_run(&c, wait_for_ever, NULL, &r), 0);
    assert_int_equal(r.verdict, DT_FINDING);
    assert_string_equal(r.finding.rule, "DT-L17");
    assert_non_null(strstr(text, "waits for &never"));
}

static void bug_check(void *ctx)
{
    (void)ctx;
    KeBugCheckEx(0xC7, 0, 0x10, 0x20, 0x30);
}

static void test_bug_checks_have_names_and_parameters(void **state)
{
    struct dt_config c = {.print = keep_text};
    struct dt_result r;

    (void)state;
    options(NULL);
    assert_int_equal(dt_run(&c, bug_check, NULL, &r), 0);
    assert_int_equal(r.finding.bugcheck, 0xC7);
    assert_int_equal(r.finding.param[3], 0x30);
    assert_non_null(strstr(text, "*** STOP 0x000000C7 (0x0, 0x10, 0x20, 0x30)"));
    assert_non_null(strstr(text, "TIMER_OR_DPC_INVALID"));
}

static void test_limits_end_a_run(void **state)
{
    struct dt_config c = {.quiet = true, .steps_max = 1};
    struct dt_result r;

    (void)state;
    assert_int_equal(dt_run(&c, two_deposits, NULL, &r), 0);
    assert_int_equal(r.verdict, DT_STEP_LIMIT);
}

/* ---- images ---- */

static dt_driver_entry *entry_of_state;

static void load_and_unload(void *ctx)
{
    dt_status  status;
    dt_driver *driver = dt_driver_load_status(entry_of_state, &status);

    (void)ctx;
    dt_expect_eq(status, STATUS_SUCCESS); /* fails unless the globals are fresh */
    dt_driver_unload(driver);
}

static void test_globals_of_an_image_are_fresh_in_each_run(void **state)
{
    struct dt_config c = {.quiet = true};
    struct dt_result r;
    dt_image        *image;
    char             error[200];

    (void)state;
    assert_int_equal(dt_image_open(TEST_DRIVERS "/host_state.so", &image, error, sizeof error), 0);
    *(void **)&entry_of_state = dt_image_symbol(image, "DriverEntry");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(dt_run(&c, load_and_unload, NULL, &r), 0);
        assert_int_equal(r.verdict, DT_PASS);
    }
    struct state *(*zero)(void);

    *(void **)&zero = dt_image_symbol(image, "state_zero");
    assert_int_equal(zero()->array[2], 42); /* what the last run left is there to be looked at */
    assert_int_equal(dt_image_open("/no/such.so", &image, error, sizeof error), -2);
    assert_non_null(strstr(error, "/no/such.so"));
}

/* ---- suites ---- */

DT_TEST(passes, .processors = 1, .strategy = "dfs:0") {}

DT_TEST(fails, .processors = 2, .strategy = "dfs:3")
{
    two_deposits(NULL);
}

static void test_suite_prints_tap(void **state)
{
    struct dt_suite        s = {.tap = true, .options = options(NULL)};
    struct dt_suite_result r;

    (void)state;
    s.tests = dt_test_list(&s.count);
    assert_int_equal(s.count, 2);
    assert_int_equal(dt_suite_run(&s, &r), 0);
    assert_int_equal(r.run, 2);
    assert_int_equal(r.failed, 1);
    assert_true(strncmp(text, "TAP version 14\n1..2\nok 1 - passes # ", 36) == 0);
    assert_non_null(strstr(text, "\nnot ok 2 - fails # schedule "));
    assert_non_null(strstr(text, "\n  rule: DT-X05\n"));
    s.filter = "nobody";
    assert_int_equal(dt_suite_run(&s, &r), -2);

    /* A single run that a limit ended did not pass to its end. */
    s.filter = "fails"; /* not with the default schedule */
    s.once = true;
    text_used = 0;
    assert_int_equal(dt_suite_run(&s, &r), 0);
    assert_int_equal(r.failed, 0);
    s.options.config.steps_max = 1;
    assert_int_equal(dt_suite_run(&s, &r), 0);
    assert_int_equal(r.failed, 1);
    assert_non_null(strstr(text, "not ok 1 - fails # ended by the limit of 1 choices"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lost_update_is_found_shrunk_and_replayed),
        cmocka_unit_test(test_random_finds_it_too),
        cmocka_unit_test(test_schedules_are_checked),
        cmocka_unit_test(test_dfs_runs_every_choice_once),
        cmocka_unit_test(test_paused_choices_are_not_searched),
        cmocka_unit_test(test_deadlock_names_who_waits),
        cmocka_unit_test(test_bug_checks_have_names_and_parameters),
        cmocka_unit_test(test_limits_end_a_run),
        cmocka_unit_test(test_globals_of_an_image_are_fresh_in_each_run),
        cmocka_unit_test(test_suite_prints_tap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
