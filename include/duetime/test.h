/* SPDX-License-Identifier: MIT */
/*
 * test.h - tests of drivers, run by `duetime explore driver.so test.so` or by a program of your own (DT_MAIN).
 *
 *     DT_TEST(stop_races_dpc, .processors = 2, .strategy = "pct:3", .schedules = 20000)
 *     {
 *         ... a body, see duetime.h ...
 *     }
 *
 * A test passes when no schedule ends in a finding. Options not given take the command's, then the defaults. In C++ (17 and
 * later) the options must be in the order of struct dt_test_options.
 */
#pragma once

#include "duetime.h"

#ifdef __cplusplus
extern "C" {
#    define DT_UNLESS_GIVEN = {}
#else
#    define DT_UNLESS_GIVEN
#endif

/* Of one test; what the command line says (-p, -S, -n) wins, so that a test which counts on its strategy may fail under
 * another. Zero or NULL: the default. */
struct dt_test_options {
    unsigned processors       DT_UNLESS_GIVEN;
    uint32_t tick_100ns       DT_UNLESS_GIVEN;
    const char *strategy      DT_UNLESS_GIVEN;
    uint64_t schedules        DT_UNLESS_GIVEN;
    dt_ns time_max            DT_UNLESS_GIVEN;
    enum dt_level level       DT_UNLESS_GIVEN;
    unsigned processor_groups DT_UNLESS_GIVEN;
};

struct dt_test {
    const char *name, *file;
    int         line;
    void (*body)(void);
    struct dt_test_options options;
};

typedef const struct dt_test *const *dt_test_list_fn(size_t *count);

#define DT_TEST(test_name, ...)                                                                               \
    static void                 test_name(void);                                                              \
    static const struct dt_test dt_test_##test_name = {                                                       \
        .name = #test_name, .file = __FILE__, .line = __LINE__, .body = test_name, .options = {__VA_ARGS__}}; \
    static const struct dt_test *const dt_test_entry_##test_name __attribute__((used, section("dt_tests"))) = \
        &dt_test_##test_name;                                                                                 \
    static void test_name(void)

/* The tests of this image, in the order of the source. */
extern const struct dt_test *const __start_dt_tests[] __attribute__((weak, visibility("hidden")));
extern const struct dt_test *const __stop_dt_tests[] __attribute__((weak, visibility("hidden")));

__attribute__((weak, visibility("default"))) const struct dt_test *const *dt_test_list(size_t *count);
__attribute__((weak, visibility("default"))) const struct dt_test *const *dt_test_list(size_t *count)
{
    *count = (size_t)(__stop_dt_tests - __start_dt_tests);
    return __start_dt_tests;
}

/* ---- running them (host) ---- */

struct dt_suite {
    const struct dt_test *const *tests;
    size_t                       count;
    const char                  *filter;  /* shell pattern for the names; NULL = all */
    struct dt_explore_options    options; /* what is not zero or NULL here wins over the test's own */
    bool                         tap;     /* TAP version 14 on print; else plain lines */
    bool                         once;    /* one run of each with the default schedule */
};

struct dt_suite_result {
    unsigned run, failed;
    int error; /* negative errno of a test that could not be run; it counts as failed. -ESTALE: the schedule to replay is
                       that of another program */
};

/* Runs the tests one after the other and prints what became of them to options.config.print; what could not be run is, without
 * TAP, a line on standard error. In options.replay the last "%t" is the test's name. -ENOENT: the filter fits none. */
DT_API int dt_suite_run(const struct dt_suite *suite, struct dt_suite_result *r);

/* A main() for programs that hold their tests: TAP on standard output. Exit status 0 all passed, 1 a finding, 2 usage.
 * `--help` lists the options. */
DT_API int dt_test_main(int argc, char **argv, dt_test_list_fn *list);

/* For a program with tests and no main() of its own. */
#define DT_MAIN()                                      \
    int main(int argc, char **argv)                    \
    {                                                  \
        return dt_test_main(argc, argv, dt_test_list); \
    }                                                  \
    extern int dt_main_is_defined

#ifdef __cplusplus
}
#endif
