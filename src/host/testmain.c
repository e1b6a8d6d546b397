/* SPDX-License-Identifier: MIT */
/* host/testmain.c - dt_test_main(): the options of a program that holds its own tests. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "duetime/test.h"

struct arguments {
    struct dt_suite suite;
    bool            list;
};

static const struct argp_option options[] = {
    {"list", 'l', NULL, 0, "Print the names of the tests and end", 0},
    {"strategy", 's', "S", 0, "random, uniform, sticky:N, pct:D, dfs, dfs:D", 0},
    {"schedules", 'n', "N", 0, "At most N schedules of each test", 0},
    {"seed", 'S', "N", 0, "Seed of random strategies", 0},
    {"processors", 'p', "N", 0, "Number of processors", 0},
    {"replay", 'r', "SCHEDULE", 0, "Replay this schedule (with one test's name)", 0},
    {"once", '1', NULL, 0, "One run of each test", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

static uint64_t number(struct argp_state *state, const char *arg, uint64_t min, uint64_t max)
{
    char *end;

    errno = 0;
    unsigned long long v = strtoull(arg, &end, 0);

    if (*arg == '\0' || *arg == '-' || *end != '\0' || errno)
        argp_error(state, "'%s' is not a number", arg);
    if (v < min || v > max)
        argp_error(state, "%s is too %s", arg, v < min ? "small" : "large");
    return v;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments          *a = state->input;
    struct dt_explore_options *o = &a->suite.options;

    switch (key) {
    case 'l':
        a->list = true;
        break;
    case 's':
        o->strategy = arg;
        break;
    case 'n':
        o->schedules = number(state, arg, 1, UINT64_MAX);
        break;
    case 'S':
        o->config.seed = number(state, arg, 0, UINT64_MAX);
        break;
    case 'p':
        o->config.processors = (unsigned)number(state, arg, 1, 64);
        break;
    case 'r':
        o->strategy = "replay";
        o->schedule = arg;
        break;
    case '1':
        a->suite.once = true;
        break;
    case ARGP_KEY_ARG:
        a->suite.filter = arg;
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static void print(void *io, const char *text)
{
    (void)io;
    fputs(text, stdout);
    fflush(stdout);
}

int dt_test_main(int argc, char **argv, dt_test_list_fn *list)
{
    static const struct argp argp = {.options = options,
        .parser = parse,
        .args_doc = "[PATTERN]",
        .doc = "Runs the driver tests of this program and prints TAP."};
    struct arguments         a = {.suite = {.tap = true, .options = {.config = {.print = print}}}};
    struct dt_suite_result   r;
    char                     command[400];

    argp_err_exit_status = 2;
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    a.suite.tests = list(&a.suite.count);
    if (a.list) {
        for (size_t i = 0; i < a.suite.count; i++)
            printf("%s\n", a.suite.tests[i]->name);
        return 0;
    }
    snprintf(command, sizeof command, "%s %%t --replay '%%s'", argv[0]);
    a.suite.options.replay = command;
    if (dt_suite_run(&a.suite, &r) != 0) {
        fprintf(stderr, "%s: no test matches '%s'\n", argv[0], a.suite.filter ? a.suite.filter : "*");
        return 2;
    }
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "%s: cannot write standard output\n", argv[0]);
        return 2;
    }
    if (r.error && r.error != -EBUSY) /* busy: after a finding that halted the real-time machine */
        return 2;
    return r.failed ? 1 : 0;
}
