/* SPDX-License-Identifier: MIT */
/* links: shared */
/* The embedding API from inside another framework: bodies, threads, time, results. Nothing here halts the machine. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <duetime/duetime.h>
#include <ntddk.h>

struct seen {
    LONG     count;
    unsigned processors;
    dt_ns    slept;
    KIRQL    irql;
    bool     reset;
};

static int run(dt_body *body, struct seen *s, unsigned processors, struct dt_result *r)
{
    struct dt_config c = {.processors = processors, .quiet = true};

    memset(s, 0, sizeof *s);
    return dt_run(&c, body, s, r);
}

static void look_around(void *ctx)
{
    struct seen *s = ctx;

    s->irql = KeGetCurrentIrql();
    s->processors = KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS);
}

static void test_body_is_a_thread_at_passive_level(void **state)
{
    struct seen      s;
    struct dt_result r;

    (void)state;
    assert_int_equal(run(look_around, &s, 3, &r), 0);
    assert_int_equal(r.verdict, DT_PASS);
    assert_int_equal(s.irql, PASSIVE_LEVEL);
    assert_int_equal(s.processors, 3);
    assert_int_equal(r.warnings, 0);
}

static void attach(void *ctx)
{
    ((struct seen *)ctx)->count = dt_attach(DT_ANY_PROCESSOR);
}

static void test_threads_of_the_host(void **state)
{
    struct seen      s;
    struct dt_result r;

    (void)state;
    assert_int_equal(run(attach, &s, 1, &r), 0);
    assert_int_equal(s.count, strcmp(dt_machine(), "sim") == 0 ? -ENOTSUP : -EBUSY);
}

static void test_numbers_out_of_range_are_refused(void **state)
{
    struct dt_config c = {.processors = 65};

    (void)state;
    assert_int_equal(dt_run(&c, look_around, NULL, NULL), -22);
}

static void increment(void *ctx)
{
    InterlockedIncrement(&((struct seen *)ctx)->count);
}

static void spawn_many(void *ctx)
{
    dt_thread *first = dt_spawn(1, increment, ctx);

    for (int i = 0; i < 5; i++)
        dt_spawn(DT_ANY_PROCESSOR, increment, ctx);
    dt_spawn_priority(0, 12, increment, ctx);
    dt_join(first);
    dt_join_all();
    dt_join_all(); /* nobody is left */
    ((struct seen *)ctx)->processors = (unsigned)((struct seen *)ctx)->count;
}

static void test_join_all_waits_for_every_thread(void **state)
{
    struct seen      s;
    struct dt_result r;

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(run(spawn_many, &s, 2, &r), 0);
        assert_int_equal(r.verdict, DT_PASS);
        assert_int_equal(s.processors, 7);
    }
}

static void sleep_a_little(void *ctx)
{
    struct seen *s = ctx;
    dt_ns        start = dt_now();

    dt_run_for(DT_MS(20));
    s->slept = dt_now() - start;
}

/* A delay counts from the last tick and ends at a tick: a tick less than asked for, or somewhat more. */
static void test_run_for_lets_time_pass(void **state)
{
    struct seen      s;
    struct dt_result r;

    (void)state;
    assert_int_equal(run(sleep_a_little, &s, 1, &r), 0);
    assert_true(s.slept >= DT_MS(20) - DT_US(15625));
    if (strcmp(dt_machine(), "sim") == 0)
        assert_int_equal(s.slept, DT_US(31250));
    assert_true(r.time >= s.slept);
}

static VOID count_dpc(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc;
    (void)a;
    (void)b;
    InterlockedIncrement(&((struct seen *)context)->count);
}

static void queue_far_away(void *ctx)
{
    KDPC dpc;

    KeInitializeDpc(&dpc, count_dpc, ctx);
    KeSetTargetProcessorDpc(&dpc, 1);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    dt_run_until_idle();
    ((struct seen *)ctx)->processors = (unsigned)((struct seen *)ctx)->count;
}

static void test_run_until_idle_waits_for_dpcs(void **state)
{
    struct seen s;

    (void)state;
    assert_int_equal(run(queue_far_away, &s, 2, NULL), 0);
    assert_int_equal(s.processors, 1);
}

static void expire_twice(void *ctx)
{
    LARGE_INTEGER due = {.QuadPart = -10000 * 10};
    KTIMER        timer;
    KDPC          dpc;

    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, count_dpc, ctx);
    KeSetTimer(&timer, due, &dpc);
    dt_run_for(DT_MS(50));
    KeSetTimer(&timer, due, &dpc);
    KeSetTimer(&timer, due, &dpc);
    dt_run_for(DT_MS(50));
    KeSetTimer(&timer, due, &dpc);
    KeCancelTimer(&timer);
}

static void set_absolute(void *ctx)
{
    LARGE_INTEGER due;
    KTIMER        timer;

    (void)ctx;
    KeQuerySystemTime(&due);
    due.QuadPart += 36000000000ll;
    KeInitializeTimer(&timer);
    for (int i = 0; i < 3; i++)
        KeSetTimer(&timer, due, NULL);
    KeCancelTimer(&timer);
}

static bool keep_stats(void *io, const struct dt_timer_stats *s)
{
    *(struct dt_timer_stats *)io = *s;
    return true;
}

static void test_timer_statistics(void **state)
{
    struct dt_timer_stats stats = {.set = 0};
    struct seen           s;

    (void)state;
    dt_timers_watch(true);
    assert_int_equal(run(expire_twice, &s, 1, NULL), 0);
    dt_timers_each(keep_stats, &stats);
    dt_timers_watch(false);
    assert_string_equal(stats.name, "count_dpc");
    assert_false(stats.ex);
    assert_int_equal(stats.set, 4);
    assert_int_equal(stats.reset, 1);
    assert_int_equal(stats.expired, 2);
    assert_int_equal(stats.cancelled, 1);
    assert_false(stats.still_set);
    dt_timers_watch(true);
    assert_int_equal(run(set_absolute, &s, 1, NULL), 0);
    dt_timers_each(keep_stats, &stats);
    dt_timers_watch(false);
    assert_int_equal(stats.set, 3);
    assert_int_equal(stats.reset, 2);
    assert_int_equal(stats.cancelled, 1);
}

static void set_reset(void *io)
{
    ((struct seen *)io)->reset = true;
}

static void test_reset_is_called_before_each_run(void **state)
{
    struct seen      s = {.count = 0};
    struct dt_config c = {.reset = set_reset, .reset_io = &s, .quiet = true};

    (void)state;
    for (int i = 0; i < 3; i++) {
        s.reset = false;
        assert_int_equal(dt_run(&c, look_around, &s, NULL), 0);
        assert_true(s.reset);
    }
}

struct kept {
    char   text[20000];
    size_t used;
};

static void keep_text(void *io, const char *text)
{
    struct kept *k = io;

    k->used += (size_t)snprintf(k->text + k->used, sizeof k->text - k->used, "%s", text);
}

static void say_something(void *ctx)
{
    (void)ctx;
    dt_note("number %d", 17);
    DbgPrint("routine %s\n", "here");
}

static void test_notes_of_a_single_run_are_printed(void **state)
{
    struct kept      k = {.used = 0};
    struct dt_config c = {.print = keep_text, .print_io = &k};

    (void)state;
    assert_int_equal(dt_run(&c, say_something, NULL, NULL), 0);
    assert_non_null(strstr(k.text, "number 17\n"));
    assert_non_null(strstr(k.text, "routine here\n"));
}

static void test_the_table_of_routines(void **state)
{
    struct dt_ddi d;
    struct kept   k = {.used = 0};
    bool          found = false;

    (void)state;
    for (unsigned i = 0; i < dt_ddi_count(); i++) {
        dt_ddi_at(i, &d);
        assert_non_null(d.name);
        assert_true(d.irql_min <= d.irql_max);
        found |= strcmp(d.name, "KeSetTimer") == 0 && d.status == DT_DDI_READY && d.irql_max == DISPATCH_LEVEL;
    }
    assert_true(found);
    assert_int_equal(dt_explain("DT-T03", keep_text, &k), 0);
    assert_int_equal(dt_explain("DT-NONE", keep_text, &k), -2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_body_is_a_thread_at_passive_level),
        cmocka_unit_test(test_threads_of_the_host),
        cmocka_unit_test(test_numbers_out_of_range_are_refused),
        cmocka_unit_test(test_join_all_waits_for_every_thread),
        cmocka_unit_test(test_run_for_lets_time_pass),
        cmocka_unit_test(test_run_until_idle_waits_for_dpcs),
        cmocka_unit_test(test_timer_statistics),
        cmocka_unit_test(test_reset_is_called_before_each_run),
        cmocka_unit_test(test_notes_of_a_single_run_are_printed),
        cmocka_unit_test(test_the_table_of_routines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
