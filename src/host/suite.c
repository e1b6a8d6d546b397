/* SPDX-License-Identifier: MIT */
/* host/suite.c - tests written with DT_TEST: one after the other, each explored, results as lines or TAP. */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "duetime/test.h"
#include "host/bugcodes.h"
#include "host/host.h"

struct suite {
    const struct dt_suite *s;
    struct out             out;
    char                  *command;
};

static void print_comment(void *io, const char *text)
{
    struct out *o = io;

    out_line(o, "# %.*s", (int)strcspn(text, "\n"), text);
}

static void call_body(void *ctx)
{
    const struct dt_test *t = ctx;

    t->body();
}

static bool is_wanted(const struct dt_suite *s, const struct dt_test *t)
{
    return !s->filter || fnmatch(s->filter, t->name, 0) == 0;
}

/* ---- options: the caller's, then the test's ---- */

static bool is_replay(const struct suite *u)
{
    const char *strategy = u->s->options.strategy;

    return strategy && strcmp(strategy, "replay") == 0;
}

static struct dt_explore_options options_of(struct suite *u, const struct dt_test *t)
{
    struct dt_explore_options     o = u->s->options;
    const struct dt_test_options *mine = &t->options;

    /* A schedule brings its own; what the caller gives beside it is compared with that. */
    if (!o.config.processors && !is_replay(u))
        o.config.processors = mine->processors;
    if (!o.config.processor_groups)
        o.config.processor_groups = mine->processor_groups;
    if (!o.config.level && !is_replay(u))
        o.config.level = mine->level;
    if (!o.config.tick_100ns)
        o.config.tick_100ns = mine->tick_100ns;
    if (!o.config.time_max)
        o.config.time_max = mine->time_max;
    if (!o.schedules)
        o.schedules = mine->schedules;
    if (!o.strategy)
        o.strategy = mine->strategy;
    if (u->s->tap) {
        o.config.print = print_comment;
        o.config.print_io = &u->out;
    }
    return o;
}

/* The replay command names the test: its last %t becomes the name. Before it there may be paths. */
static const char *command_of(struct suite *u, const struct dt_test *t)
{
    const char *format = u->s->options.replay, *at = out_find_last(format, "%t");

    if (!at)
        return format;
    free(u->command);
    if (asprintf(&u->command, "%.*s%s%s", (int)(at - format), format, t->name, at + 2) < 0)
        u->command = NULL;
    return u->command;
}

/* ---- what became of it ---- */

static const char *extent(const struct dt_explore_result *r, char *buf, size_t size)
{
    if (r->exhaustive)
        snprintf(buf, size, "every schedule there is: %llu", (unsigned long long)r->schedules);
    else if (r->complete)
        snprintf(buf, size, "every schedule with at most %u switch%s: %llu", r->bound, r->bound == 1 ? "" : "es",
            (unsigned long long)r->schedules);
    else
        snprintf(buf, size, "%llu schedule%s", (unsigned long long)r->schedules, r->schedules == 1 ? "" : "s");
    if (r->cut) {
        size_t used = strlen(buf);

        snprintf(buf + used, size - used, " (%llu cut short)", (unsigned long long)r->cut);
    }
    if (r->warned) {
        size_t used = strlen(buf);

        snprintf(buf + used, size - used, ", %llu with warnings", (unsigned long long)r->warned);
    }
    return buf;
}

/* Of a single run what passed on the machine counts, of a search what passed on the host. */
static void duration(const struct suite *u, const struct dt_explore_result *r, char *buf, size_t size)
{
    const char *machine = strcmp(dt_machine(), "rt") == 0 ? "real" : "virtual";

    if (u->s->once)
        snprintf(buf, size, "%.3f s of %s time", (double)r->run.time / 1e9, machine);
    else
        snprintf(buf, size, "%.2f s", (double)r->elapsed / 1e9);
}

static void say_pass(struct suite *u, unsigned number, const struct dt_test *t, const struct dt_explore_result *r)
{
    char text[96], time[64];

    extent(r, text, sizeof text);
    duration(u, r, time, sizeof time);
    bool stopped = r->end == DT_END_STOPPED; /* by its user: what was not run may fail */

    if (u->s->tap)
        out_line(&u->out, "%s %u - %s # %s%s, %s", stopped ? "not ok" : "ok", number, t->name,
            stopped ? "stopped, " : "", text, time);
    else
        out_line(&u->out, "%s: %s, %s, %s", t->name, stopped ? "stopped, no finding so far" : "ok", text, time);
}

static void say_yaml(struct suite *u, const struct dt_explore_result *r)
{
    const struct dt_finding *f = &r->run.finding;
    const struct bugcode    *b = bugcode_find(f->bugcheck);

    out_line(&u->out, "  ---");
    out_line(&u->out, "  message: \"%s\"", f->what[0] ? f->what : b ? b->name : "finding");
    if (f->bugcheck)
        out_line(&u->out, "  bugcheck: 0x%08X %s", f->bugcheck, b ? b->name : "");
    if (f->rule[0])
        out_line(&u->out, "  rule: %s", f->rule);
    if (f->where[0])
        out_line(&u->out, "  at: %s", f->where);
    if (r->schedule[0])
        out_line(&u->out, "  schedule: %s", r->schedule);
    out_line(&u->out, "  ...");
}

/* How it was found. */
static void circumstances(const struct suite *u, const struct dt_explore_result *r, char *buf, size_t size)
{
    const char *es = r->switches == 1 ? "" : "es";

    if (r->end == DT_END_DIVERGED)
        snprintf(buf, size, "%s", r->error);
    else if (u->s->once || is_replay(u))
        snprintf(buf, size, "as the schedule says");
    else
        snprintf(buf, size, "schedule %llu, %u switch%s (shrunk from %u), %.2f s", (unsigned long long)r->found_at,
            r->switches, es, r->switches_found, (double)r->elapsed / 1e9);
}

static void say_failure(struct suite *u, unsigned number, const struct dt_test *t, const struct dt_explore_result *r)
{
    char text[200];

    circumstances(u, r, text, sizeof text);
    if (u->s->tap) {
        out_line(&u->out, "not ok %u - %s # %s", number, t->name, text);
        say_yaml(u, r);
    } else if (u->s->once) {
        out_line(&u->out, "%s: FAILED", t->name);
    } else {
        out_line(&u->out, "%s: FAILED, %s", t->name, text);
    }
}

static void say_unfinished(struct suite *u, unsigned number, const struct dt_test *t, const struct dt_explore_result *r)
{
    char text[160];

    snprintf(text, sizeof text, "ended by the limit of %llu choices after %.3f s of virtual time (steps_max, --steps)",
        (unsigned long long)r->run.choices - 1, (double)r->run.time / 1e9);
    if (u->s->tap)
        out_line(&u->out, "not ok %u - %s # %s", number, t->name, text);
    else
        out_line(&u->out, "%s: NOT FINISHED, %s", t->name, text);
}

static const char *error_text(int e)
{
    if (e == -EBUSY)
        return "a finding has halted the real-time machine of this process; run this test alone";
    return e == -EINVAL ? "processors, groups or the clock tick are out of range" : strerror(-e);
}

static void say_error(struct suite *u, unsigned number, const struct dt_test *t, const char *error)
{
    if (u->s->tap)
        out_line(&u->out, "not ok %u - %s # %s", number, t->name, error);
    else
        fprintf(stderr, "%s: error: %s\n", t->name, error);
}

/* ---- one test ---- */

static bool failed(const struct dt_explore_result *r)
{
    return r->end == DT_END_DIVERGED || r->run.verdict == DT_FINDING;
}

/* A single run that the limit of choices ended has not shown what the test is for; of a search others have. */
static bool unfinished(const struct suite *u, const struct dt_explore_result *r)
{
    return u->s->once && r->run.verdict == DT_STEP_LIMIT;
}

static int run_once(const struct dt_explore_options *o, const struct dt_test *t, struct dt_explore_result *r)
{
    int e = dt_run(&o->config, call_body, (void *)t, &r->run);

    r->end = r->run.verdict == DT_FINDING ? DT_END_FINDING : DT_END_ALL;
    r->schedules = 1;
    r->cut = r->run.verdict == DT_STEP_LIMIT || r->run.verdict == DT_TIME_LIMIT;
    r->found_at = failed(r);
    return e;
}

static bool run_test(struct suite *u, unsigned number, const struct dt_test *t, struct dt_suite_result *sr)
{
    struct dt_explore_options o = options_of(u, t);
    struct dt_explore_result  r = {.end = DT_END_ALL};

    o.replay = command_of(u, t);
    int e = u->s->once ? run_once(&o, t, &r) : dt_explore(call_body, (void *)t, &o, &r);

    /* The driver did nothing wrong: the schedule is not one of this program. */
    if (e == 0 && r.end == DT_END_DIVERGED && is_replay(u))
        e = -ESTALE;
    sr->run++;
    if (e != 0) {
        sr->error = e;
        sr->failed++;
        say_error(u, number, t, r.error[0] ? r.error : error_text(e));
        return e != -EBUSY;
    }
    if (unfinished(u, &r)) {
        sr->failed++;
        say_unfinished(u, number, t, &r);
    } else if (failed(&r)) {
        sr->failed++;
        say_failure(u, number, t, &r);
    } else {
        say_pass(u, number, t, &r);
    }
    return r.end != DT_END_STOPPED;
}

/* ---- all of them ---- */

static int by_source(const void *a, const void *b)
{
    const struct dt_test *x = *(const struct dt_test *const *)a, *y = *(const struct dt_test *const *)b;
    int                   file = strcmp(x->file, y->file);

    return file ? file : x->line - y->line;
}

/* The wanted ones in the order of the source; the linker's is arbitrary. */
static const struct dt_test **wanted_tests(const struct dt_suite *s, unsigned *count)
{
    const struct dt_test **tests = calloc(s->count + 1, sizeof *tests);

    *count = 0;
    for (size_t i = 0; tests && i < s->count; i++)
        if (is_wanted(s, s->tests[i]))
            tests[(*count)++] = s->tests[i];
    if (tests)
        qsort(tests, *count, sizeof *tests, by_source);
    return tests;
}

int dt_suite_run(const struct dt_suite *suite, struct dt_suite_result *r)
{
    struct suite           u = {.s = suite, .out = {suite->options.config.print, suite->options.config.print_io}};
    unsigned               wanted;
    const struct dt_test **tests = wanted_tests(suite, &wanted);

    *r = (struct dt_suite_result){.run = 0};
    if (wanted && suite->tap) {
        out_line(&u.out, "TAP version 14");
        out_line(&u.out, "1..%u", wanted);
    }
    for (unsigned i = 0; i < wanted; i++)
        if (!run_test(&u, i + 1, tests[i], r))
            break;
    free(tests);
    free(u.command);
    return wanted ? 0 : -ENOENT;
}
