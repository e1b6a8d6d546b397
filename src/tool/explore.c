/* SPDX-License-Identifier: MIT */
/* tool/explore.c - `duetime explore` and `duetime replay`. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool/tool.h"

enum { BOUND_MAX = 1000000 };

enum { KEY_TAP = 512, KEY_BUDGET, KEY_NO_SHRINK, KEY_LOOSE, KEY_ALL };

struct arguments {
    struct session session;
    bool           tap;
    unsigned       bound;
    bool           has_bound;
};

/* ---- progress ---- */

static volatile sig_atomic_t interrupted;

/* The search ends with the next progress; a second Ctrl-C ends the process at once. */
static void on_interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
}

static void stop_when_interrupted(void)
{
    struct sigaction a = {.sa_handler = on_interrupt, .sa_flags = SA_RESTART | (int)SA_RESETHAND}, old;

    if (sigaction(SIGINT, NULL, &old) == 0 && old.sa_handler != SIG_IGN)
        sigaction(SIGINT, &a, NULL);
}

/* So that a shell knows it, too. */
static void end_as_interrupted(void)
{
    fflush(stdout);
    signal(SIGINT, SIG_DFL);
    raise(SIGINT);
}

static int only_watch(void *io, const struct dt_progress *p)
{
    (void)io, (void)p;
    return interrupted;
}

static int show_progress(void *io, const struct dt_progress *p)
{
    char level[24] = "";

    (void)io;
    if (p->level)
        snprintf(level, sizeof level, "  %u switches", p->level);
    fprintf(stderr, "\r\033[K%s%llu schedules  %llu/s%s  %.0f %%", p->shrinking ? "shrinking: " : "",
        (unsigned long long)p->schedules, (unsigned long long)p->rate, level, p->fraction * 100);
    return interrupted;
}

/* Wipes the progress line before anything is printed. */
static void print_wiping(void *io, const char *text)
{
    fputs("\r\033[K", stderr);
    print_out(io, text);
}

static void be_fancy(struct session *s)
{
    if (!is_fancy(STDERR_FILENO))
        return;
    s->suite.options.progress = show_progress;
    s->suite.options.config.print = print_wiping;
}

/* ---- explore ---- */

static const struct argp_option explore_options[] = {
    {"strategy", 'S', "S", 0, "random (default), uniform, sticky:N, pct:D, dfs, dfs:D", 0},
    {"bound", 'b', "D", 0, "dfs: at most D switches", 0},
    {"schedules", 'n', "N", 0, "At most N schedules of each test (10,000; dfs: no limit)", 0},
    {"budget", KEY_BUDGET, "T", 0, "At most this much time for each test (30s)", 0},
    {"no-shrink", KEY_NO_SHRINK, NULL, 0, "Report the schedule as it was found", 0},
    {"tap", KEY_TAP, NULL, 0, "TAP version 14", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

static error_t parse_explore(int key, char *arg, struct argp_state *state)
{
    struct arguments          *a = state->input;
    struct dt_explore_options *o = &a->session.explore;

    switch (key) {
    case 'S':
        o->strategy = arg;
        break;
    case 'b':
        a->bound = (unsigned)parse_between("--bound", arg, 0, BOUND_MAX);
        a->has_bound = true;
        break;
    case 'n':
        o->schedules = parse_between("--schedules", arg, 1, UINT64_MAX);
        break;
    case KEY_BUDGET:
        o->budget = parse_duration("--budget", arg);
        break;
    case KEY_NO_SHRINK:
        o->no_shrink = true;
        break;
    case KEY_TAP:
        a->tap = true;
        break;
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->session;
        break;
    case ARGP_KEY_END:
        if (a->has_bound && o->strategy && strncmp(o->strategy, "dfs", 3) != 0)
            die("--bound belongs to the strategy dfs");
        if (a->has_bound)
            o->strategy = xasprintf("dfs:%u", a->bound);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp_child children[] = {{&session_argp, 0, "What to run:", 10}, {NULL, 0, NULL, 0}};

static void nothing(void *ctx)
{
    (void)ctx;
}

/* A strategy or schedule that makes no sense is refused once, before the first test. */
static void check(const struct session *s, const char *option)
{
    struct dt_explore_options o = s->explore;
    struct dt_explore_result  r;

    o.config.quiet = true;
    o.schedules = 1;
    o.config.processor_groups = 0; /* how many there may be depends on each test's processors */
    if (api.dt_explore(nothing, NULL, &o, &r) == -EINVAL)
        die("%s: %s", option, r.error[0] ? r.error : "a number is out of range");
}

static int finish(struct session *s)
{
    struct dt_suite_result r;

    api.dt_suite_run(&s->suite, &r);
    if (interrupted)
        end_as_interrupted();
    if (!s->suite.tap && r.run > 1)
        printf("%u of %u failed\n", r.failed, r.run);
    if (r.error)
        return EXIT_USAGE;
    return r.failed ? EXIT_FINDING : EXIT_PASS;
}

int tool_explore(int argc, char **argv)
{
    static const struct argp argp = {.options = explore_options,
        .parser = parse_explore,
        .args_doc = "IMAGE...",
        .doc = "Runs each test of the images under many schedules until one ends in a finding, makes that schedule "
               "short, and tells what happened. Give the driver first, then its tests; a driver without tests is "
               "loaded, opened, closed and unloaded.",
        .children = children};
    struct arguments         a = {.bound = 0};

    parse_arguments(&argp, argc, argv, &a);
    struct session *s = &a.session;

    session_open(s);
    session_check_level(s);
    check(s, "--strategy");
    char *images = session_arguments(s);

    s->suite.options.replay = xasprintf("duetime replay%s --test %%t --schedule %%s", images);
    s->suite.tap = a.tap;
    s->suite.options.progress = only_watch;
    stop_when_interrupted();
    if (!a.tap)
        be_fancy(s);
    free(images);
    return finish(s);
}

/* ---- replay ---- */

static const struct argp_option replay_options[] = {
    {"schedule", 'S', "SCHEDULE", 0, "As printed with the finding: v1....", 0},
    {"all", KEY_ALL, NULL, 0, "Leave nothing out of what happened", 0},
    {"loose", KEY_LOOSE, NULL, 0, "Another build: go on with random switches where it differs", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

static error_t parse_replay(int key, char *arg, struct argp_state *state)
{
    struct arguments          *a = state->input;
    struct dt_explore_options *o = &a->session.explore;

    switch (key) {
    case 'S':
        o->schedule = arg;
        break;
    case KEY_ALL:
        o->config.whole_story = true;
        break;
    case KEY_LOOSE:
        o->loose = true;
        break;
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->session;
        break;
    case ARGP_KEY_END:
        if (!o->schedule)
            die("--schedule is missing");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static unsigned matching(const struct session *s)
{
    return s->test ? 1 : (unsigned)s->suite.count;
}

int tool_replay(int argc, char **argv)
{
    static const struct argp argp = {.options = replay_options,
        .parser = parse_replay,
        .args_doc = "IMAGE...",
        .doc = "Runs one schedule of one test again and tells what happens. The images must be the ones that the "
               "schedule was found with.",
        .children = children};
    struct arguments         a = {.bound = 0};

    parse_arguments(&argp, argc, argv, &a);
    struct session *s = &a.session;

    s->explore.strategy = "replay";
    session_open(s);
    if (matching(s) != 1)
        die("there are several tests: name one with --test");
    check(s, "--schedule");
    char *images = session_arguments(s);

    s->suite.options.replay = xasprintf("duetime replay%s --test %%t --schedule %%s", images);
    free(images);
    return finish(s);
}
