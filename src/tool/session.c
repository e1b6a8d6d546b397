/* SPDX-License-Identifier: MIT */
/* tool/session.c - the images a command works on, and the tests in them. */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool/tool.h"

enum { TESTS_MAX = 1024 };

enum { KEY_LEVEL = 256, KEY_TICK, KEY_GROUPS, KEY_STRICT, KEY_FAITHFUL };

static const struct argp_option options[] = {
    {"test", 't', "PATTERN", 0, "Only tests whose names match (shell pattern)", 10},
    {"processors", 'p', "N", 0, "Number of processors (tests: theirs, else 2)", 10},
    {"groups", KEY_GROUPS, "N", 0, "Number of processor groups (tests: theirs, else 1)", 10},
    {"tick", KEY_TICK, "T", 0, "Clock tick: default (15.625ms), exact, or a duration", 10},
    {"seed", 's', "N", 0, "Seed of all that is random", 10},
    {"strict", KEY_STRICT, NULL, 0, "All of Driver Verifier's rules and Duetime's own (default)", 10},
    {"faithful", KEY_FAITHFUL, NULL, 0, "Only what Windows stops for without Driver Verifier", 10},
    {"level", KEY_LEVEL, "L", 0, "Points: api (default), atomic, memory", 10},
    {NULL, 0, NULL, 0, NULL, 0},
};

static uint32_t parse_tick(const char *arg)
{
    if (strcmp(arg, "default") == 0)
        return 156250;
    if (strcmp(arg, "exact") == 0)
        return DT_TICK_EXACT;
    dt_ns ns = parse_duration("--tick", arg);

    if (ns < 100 || ns > DT_S(1))
        die("--tick: '%s' is not between 100ns and 1s", arg);
    return (uint32_t)(ns / 100);
}

static enum dt_level parse_level(const char *arg)
{
    static const char *const names[] = {"api", "atomic", "memory"};

    for (int i = 0; i < 3; i++)
        if (strcmp(arg, names[i]) == 0)
            return (enum dt_level)i;
    die("--level: '%s' is none of api, atomic, memory", arg);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct session   *s = state->input;
    struct dt_config *c = &s->explore.config;

    switch (key) {
    case 't':
        s->test = arg;
        break;
    case 'p':
        c->processors = (unsigned)parse_between("--processors", arg, 1, 64);
        break;
    case KEY_STRICT:
    case KEY_FAITHFUL:
        c->faithful = key == KEY_FAITHFUL;
        break;
    case KEY_GROUPS:
        c->processor_groups = (unsigned)parse_between("--groups", arg, 1, 64);
        break;
    case KEY_TICK:
        c->tick_100ns = parse_tick(arg);
        break;
    case 's':
        c->seed = parse_number("--seed", arg);
        break;
    case KEY_LEVEL:
        c->level = parse_level(arg);
        break;
    case ARGP_KEY_ARG:
        if (s->count == sizeof s->paths / sizeof *s->paths)
            die("too many images");
        s->paths[s->count++] = arg;
        break;
    case ARGP_KEY_NO_ARGS:
        die("which image? (build one with `duetime build`)");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

const struct argp session_argp = {.options = options, .parser = parse};

/* ---- a driver without tests ---- */

static dt_driver_entry *driver_entry;

static void smoke(void)
{
    dt_status  status;
    dt_driver *driver = api.dt_driver_load_status(driver_entry, &status);

    api.dt_expect_equal("duetime", 0, "DriverEntry's status", status, 0);
    api.dt_driver_add_device(driver); /* a legacy driver has none, which is fine */
    dt_device *device = api.dt_driver_device(driver, 0);
    dt_file   *file = device ? api.dt_open_device(device, NULL) : NULL;

    api.dt_run_for(api.dt_duration(DT_MS(100)));
    if (file)
        api.dt_close(file);
    api.dt_driver_unload(driver);
}

static const struct dt_test smoke_test = {
    .name = "load_open_close_unload", .file = __FILE__, .line = __LINE__, .body = smoke};

/* ---- opening ---- */

static void add_tests(struct session *s, const dt_image *image, const struct dt_test **list)
{
    void            *p = api.dt_image_symbol(image, "dt_test_list");
    dt_test_list_fn *tests_of;
    size_t           count = 0;

    memcpy(&tests_of, &p, sizeof p);
    const struct dt_test *const *tests = p ? tests_of(&count) : NULL;

    for (size_t i = 0; i < count && s->suite.count < TESTS_MAX; i++) {
        bool known = false;

        /* The definition is weak: with several test images each may answer with the first one's list. */
        for (size_t j = 0; j < s->suite.count; j++)
            known |= list[j] == tests[i];
        if (!known)
            list[s->suite.count++] = tests[i];
    }
}

static void open_images(struct session *s, const struct dt_test **list)
{
    char error[400];

    for (unsigned i = 0; i < s->count; i++) {
        dt_image *image;

        if (api.dt_image_open(s->paths[i], &image, error, sizeof error) != 0)
            die("%s", error);
        s->images[i] = image;
        void *entry = api.dt_image_symbol(image, "DriverEntry");

        if (!s->driver && entry) {
            s->driver = image;
            memcpy(&driver_entry, &entry, sizeof entry);
        }
        add_tests(s, image, list);
    }
}

static int by_source(const void *a, const void *b)
{
    const struct dt_test *x = *(const struct dt_test *const *)a, *y = *(const struct dt_test *const *)b;
    int                   file = strcmp(x->file, y->file);

    return file ? file : x->line - y->line;
}

void session_open(struct session *s)
{
    const struct dt_test **list = xcalloc(TESTS_MAX, sizeof *list);

    open_machine(s->real_time);
    open_images(s, list);
    if (s->suite.count == 0 && !s->driver)
        die("%s has neither a DriverEntry (in C++: extern \"C\") nor tests", s->paths[0]);
    if (s->suite.count == 0)
        list[s->suite.count++] = &smoke_test;
    qsort(list, s->suite.count, sizeof *list, by_source);
    s->suite.tests = list;
    s->suite.filter = s->test;
    s->explore.config.print = print_out;
    s->suite.options = s->explore;
    for (size_t i = 0; s->test && i < s->suite.count; i++)
        if (fnmatch(s->test, list[i]->name, 0) == 0)
            return;
    if (s->test)
        die("no test matches '%s'", s->test);
}

/* ---- the level ---- */

static enum dt_level images_level(const struct session *s)
{
    enum dt_level level = DT_LEVEL_API;

    for (unsigned i = 0; i < s->count; i++)
        if (api.dt_image_level(s->images[i]) > level)
            level = api.dt_image_level(s->images[i]);
    return level;
}

/* What a level adds can only be had from images that tell of it; a search without would promise what it does not do. */
void session_check_level(const struct session *s)
{
    enum dt_level given = s->explore.config.level, there = images_level(s);

    for (size_t i = 0; !given && i < s->suite.count; i++)
        if (!s->test || fnmatch(s->test, s->suite.tests[i]->name, 0) == 0)
            given = s->suite.tests[i]->options.level;
    if (given == DT_LEVEL_MEMORY && there < DT_LEVEL_MEMORY)
        die("--level memory: no image tells of its memory accesses; build the driver with `duetime build --race`");
    if (given == DT_LEVEL_ATOMIC && there < DT_LEVEL_ATOMIC)
        fputs("duetime: --level atomic: no image has an interlocked operation, so this is --level api "
              "(`duetime build --race` and --level memory: points at every access)\n",
            stderr);
}

/* ---- the replay command ---- */

/* As a shell wants it: caller frees. */
static char *quoted(const char *path)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./,:@%";

    if (*path && path[strspn(path, plain)] == '\0')
        return xstrdup(path);
    char *text = xcalloc(1, 4 * strlen(path) + 3), *to = text;

    *to++ = '\'';
    for (; *path; path++) {
        if (*path == '\'')
            to = stpcpy(to, "'\\'");
        *to++ = *path;
    }
    *to = '\'';
    return text;
}

/* text and more, which are gone then. */
static char *joined(char *text, char *more)
{
    char *longer = xasprintf("%s %s", text, more);

    free(text);
    free(more);
    return longer;
}

/* What a replay needs beside the schedule. */
char *session_arguments(const struct session *s)
{
    const struct dt_config *c = &s->explore.config;
    char                   *text = xstrdup("");

    for (unsigned i = 0; i < s->count; i++)
        text = joined(text, quoted(s->paths[i]));
    if (c->processor_groups)
        text = joined(text, xasprintf("--groups %u", c->processor_groups));
    if (c->faithful)
        text = joined(text, xstrdup("--faithful"));
    if (c->tick_100ns == DT_TICK_EXACT)
        text = joined(text, xstrdup("--tick exact"));
    else if (c->tick_100ns)
        text = joined(text, xasprintf("--tick %uns", c->tick_100ns * 100));
    return text;
}
