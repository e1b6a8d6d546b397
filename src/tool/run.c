/* SPDX-License-Identifier: MIT */
/* tool/run.c - `duetime run`: each test once, and what became of its timers. */
#include <errno.h>
#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tool/tool.h"

enum { KEY_REAL_TIME = 512, KEY_FOR, KEY_STEPS };

static const struct argp_option options[] = {
    {"real-time", KEY_REAL_TIME, NULL, 0, "On threads and the host's clock", 0},
    {"for", KEY_FOR, "T", 0, "How long a test that asks for its duration runs (2s, 500ms)", 0},
    {"steps", KEY_STEPS, "N", 0, "Simulated: the run ends after N choices (1,000,000)", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct session *s = state->input;

    switch (key) {
    case KEY_REAL_TIME:
        s->real_time = true;
        break;
    case KEY_FOR:
        s->explore.config.duration = parse_duration("--for", arg);
        break;
    case KEY_STEPS:
        s->explore.config.steps_max = parse_between("--steps", arg, 1, UINT64_MAX);
        break;
    case ARGP_KEY_INIT:
        state->child_inputs[0] = s;
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

/* ---- timers ---- */

enum { COL_TIMER, COL_KIND, COL_SET, COL_EXPIRED, COL_CANCELLED, COL_RESET, COL_LATE, COL_STATE };

struct timers {
    struct libscols_table *table;
    unsigned               count;
};

static void set_number(struct libscols_line *line, size_t column, uint64_t value)
{
    scols_line_refer_data(line, column, xasprintf("%llu", (unsigned long long)value));
}

static bool add_timer(void *io, const struct dt_timer_stats *s)
{
    struct timers        *t = io;
    struct libscols_line *line = scols_table_new_line(t->table, NULL);

    if (!line)
        die("out of memory");
    t->count++;
    scols_line_set_data(line, COL_TIMER, s->name);
    scols_line_set_data(line, COL_KIND, s->ex ? "EX_TIMER" : "KTIMER");
    set_number(line, COL_SET, s->set);
    set_number(line, COL_EXPIRED, s->expired);
    set_number(line, COL_CANCELLED, s->cancelled);
    set_number(line, COL_RESET, s->reset);
    scols_line_refer_data(line, COL_LATE, xasprintf("%.3f ms", (double)s->late_max / 1e6));
    scols_line_set_data(line, COL_STATE, s->still_set ? "still set" : "");
    return true;
}

static void show_timers(void)
{
    static const struct {
        const char *name;
        int         flags;
    } columns[] = {{"TIMER", 0}, {"KIND", 0}, {"SET", SCOLS_FL_RIGHT}, {"EXPIRED", SCOLS_FL_RIGHT},
        {"CANCELLED", SCOLS_FL_RIGHT}, {"REPLACED", SCOLS_FL_RIGHT}, {"LATE (MAX)", SCOLS_FL_RIGHT}, {"AT THE END", 0}};
    struct timers t = {.table = scols_new_table()};

    if (!t.table)
        die("out of memory");
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        scols_table_new_column(t.table, columns[i].name, 0, columns[i].flags);
    api.dt_timers_each(add_timer, &t);
    if (t.count)
        scols_print_table(t.table);
    scols_unref_table(t.table);
}

/* One suite of one test at a time, for a table each. In real time a finding ends the machine: the tests after it cannot run,
 * which is no usage error. */
static unsigned run_each(const struct session *s, unsigned *errors)
{
    unsigned failed = 0;

    for (size_t i = 0; i < s->suite.count; i++) {
        struct dt_suite        one = s->suite;
        struct dt_suite_result r;

        one.tests += i;
        one.count = 1;
        one.once = true;
        api.dt_timers_watch(true);
        if (api.dt_suite_run(&one, &r) == 0) {
            show_timers();
            failed += r.failed;
            *errors += r.error != 0 && !(r.error == -EBUSY && failed > r.failed);
        }
        api.dt_timers_watch(false);
    }
    return failed;
}

int tool_run(int argc, char **argv)
{
    static const struct argp_child children[] = {{&session_argp, 0, "What to run:", 10}, {NULL, 0, NULL, 0}};
    static const struct argp       argp = {.options = options,
              .parser = parse,
              .args_doc = "IMAGE...",
              .doc = "Runs each test of the images once and shows its timers: how often set, expired, cancelled, replaced "
                           "by another set, and how late. What a driver leaves behind at unload is a finding. A driver without "
                           "tests is loaded, opened, closed and unloaded.",
              .children = children};
    struct session                 s = {.count = 0};
    unsigned                       errors = 0;

    parse_arguments(&argp, argc, argv, &s);
    session_open(&s);
    unsigned failed = run_each(&s, &errors);

    return errors ? EXIT_USAGE : failed ? EXIT_FINDING : EXIT_PASS;
}
