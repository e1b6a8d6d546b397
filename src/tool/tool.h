/* SPDX-License-Identifier: MIT */
/* tool/tool.h - what the sub-commands of `duetime` share. */
#pragma once

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "duetime/test.h"

enum { EXIT_PASS = 0, EXIT_FINDING = 1, EXIT_USAGE = 2 };

/* Each takes argv[0] = "duetime build" and the like; returns an exit status. */
int tool_build(int argc, char **argv);
int tool_run(int argc, char **argv);
int tool_explore(int argc, char **argv);
int tool_replay(int argc, char **argv);
int tool_disk(int argc, char **argv);
int tool_check(int argc, char **argv);
int tool_ddi(int argc, char **argv);
int tool_explain(int argc, char **argv);

/* ---- messages (main.c) ---- */

/* "duetime: ..." on standard error, one line; exits with EXIT_USAGE. */
_Noreturn __attribute__((format(printf, 1, 2))) void die(const char *format, ...);

/* malloc and the like that die. */
void                                       *xcalloc(size_t n, size_t size);
char                                       *xstrdup(const char *s);
__attribute__((format(printf, 1, 2))) char *xasprintf(const char *format, ...);

/* argp_parse with one error line and exit status 2. Parsers die() on what they do not like. */
void     parse_arguments(const struct argp *argp, int argc, char **argv, void *input);
uint64_t parse_number(const char *what, const char *arg);
uint64_t parse_between(const char *what, const char *arg, uint64_t min, uint64_t max);

/* "2s", "500ms", "20us", "7" (seconds); never 0, which would mean "not given" */
dt_ns parse_duration(const char *what, const char *arg);

/* Is file a terminal that wants colour and progress lines (NO_COLOR, TERM)? */
bool is_fancy(int fd);

/* Prints to standard output; for dt_print. */
void print_out(void *io, const char *text);

/* A path beside the program's own directory: "../include". */
char *beside_program(const char *relative);

/* ---- the machine library (machine.c) ---- */

#define API(X)               \
    X(dt_run)                \
    X(dt_machine)            \
    X(dt_explore)            \
    X(dt_image_open)         \
    X(dt_image_symbol)       \
    X(dt_image_level)        \
    X(dt_driver_load_status) \
    X(dt_driver_add_device)  \
    X(dt_driver_unload)      \
    X(dt_driver_device)      \
    X(dt_open_device)        \
    X(dt_close)              \
    X(dt_run_for)            \
    X(dt_duration)           \
    X(dt_expect_equal)       \
    X(dt_timers_watch)       \
    X(dt_timers_each)        \
    X(dt_ddi_count)          \
    X(dt_ddi_at)             \
    X(dt_explain)            \
    X(dt_suite_run)

struct api {
#define FIELD(f) __typeof__(f) *f;
    API(FIELD)
#undef FIELD
};

extern struct api api;

/* Opens one of the two machines and fills api; dies when it is not there. */
void open_machine(bool real_time);

/* ---- images and tests (session.c) ---- */

struct session {
    /* options */
    bool                      real_time;
    char                     *test; /* pattern or NULL */
    struct dt_explore_options explore;
    char                     *paths[16];
    unsigned                  count;
    /* after session_open() */
    struct dt_suite suite;
    dt_image       *driver; /* first image with a DriverEntry, or NULL */
    dt_image       *images[16];
};

/* Options of run, explore and replay; its input is a struct session. */
extern const struct argp session_argp;

/* Opens machine and images, finds the tests; without any there is one that loads the driver, opens its device, lets
 * time pass and unloads it. */
void session_open(struct session *s);

/* Dies where the level that is asked for, or a test's own, is beyond what the images can show; a note where it adds nothing. */
void session_check_level(const struct session *s);

/* The options that a replay command has to repeat, with a leading blank each; NULL-terminated text, caller frees. */
char *session_arguments(const struct session *s);
