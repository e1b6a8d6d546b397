/* SPDX-License-Identifier: MIT */
/*
 * tests/machine.h - bodies on a machine, inside cmocka.
 *
 * passes()   once, on either machine; every expectation holds and nothing is found.
 * always()   on every schedule with at most so many switches (simulated), then at random; repeatedly (real time). On 1, 2 and 4
 *            processors, unless the body names one that is not there.
 * caught()   misuse that any run shows: the finding, on either machine (real time: in a child process, since a bug check
 *            ends the machine of its process).
 * found()    misuse that some schedule shows (simulated only).
 * reached()  some schedule sets the flag, so the behaviour is possible (simulated only).
 */
#pragma once

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ddk/ntddk.h"
#include "duetime/duetime.h"

#define TICK_1MS 10000u

/* Under the address sanitizer a use of freed memory ends the process before anybody here can tell of it. */
#if defined(__SANITIZE_ADDRESS__)
#    define SANITIZED true
#elif defined(__has_feature)
#    if __has_feature(address_sanitizer)
#        define SANITIZED true
#    endif
#endif
#ifndef SANITIZED
#    define SANITIZED false
#endif

/* The thread sanitizer is slow with many threads, and faults are its own. */
#if defined(__SANITIZE_THREAD__)
#    define RACES_CHECKED true
#elif defined(__has_feature)
#    if __has_feature(thread_sanitizer)
#        define RACES_CHECKED true
#    endif
#endif
#ifndef RACES_CHECKED
#    define RACES_CHECKED false
#endif

static inline bool simulated(void)
{
    return strcmp(dt_machine(), "sim") == 0;
}

static inline struct dt_config config(unsigned processors)
{
    return (struct dt_config){.processors = processors, .tick_100ns = TICK_1MS, .quiet = true};
}

static inline void passes_with(const struct dt_config *cfg, dt_body *body)
{
    struct dt_result r = {0};

    assert_int_equal(dt_run(cfg, body, NULL, &r), 0);
    if (r.verdict != DT_PASS || r.warnings)
        fail_msg("%s bug check 0x%x: %s %s", r.finding.rule, r.finding.bugcheck, r.finding.what, r.finding.where);
}

static inline void passes(dt_body *body)
{
    struct dt_config cfg = config(2);

    passes_with(&cfg, body);
}

static inline void always_with(const struct dt_config *cfg, dt_body *body, unsigned bound)
{
    char                      strategy[16];
    struct dt_explore_result  r;
    struct dt_explore_options o = {.config = *cfg, .strategy = strategy, .no_shrink = true};

    snprintf(strategy, sizeof strategy, "dfs:%u", bound);
    if (!simulated())
        o.schedules = 50;
    assert_int_equal(dt_explore(body, NULL, &o, &r), 0);
    if (r.run.verdict != DT_PASS)
        fail_msg("schedule %llu %s: %s bug check 0x%x: %s %s", (unsigned long long)r.found_at, r.schedule,
            r.run.finding.rule, r.run.finding.bugcheck, r.run.finding.what, r.run.finding.where);
    if (simulated())
        assert_true(r.complete);
}

/* A test file that holds only with more processors, or only for the schedules that it searches, says so before it includes this. */
#ifndef PROCESSORS_MIN
#    define PROCESSORS_MIN 1
#endif
#ifndef RANDOM_SEEDS
#    define RANDOM_SEEDS 50
#endif

static bool needs_more_processors; /* the body named a processor that was not there */
static bool in_child;              /* of a test on the real-time machine */

/* More schedules, at random. A body that names processors is not held to what it does with fewer. */
static inline void always_random(const struct dt_config *cfg, dt_body *body)
{
    struct dt_explore_result  r;
    struct dt_explore_options o = {.config = *cfg, .strategy = "random", .schedules = RANDOM_SEEDS, .no_shrink = true};

    needs_more_processors = false;
    assert_int_equal(dt_explore(body, NULL, &o, &r), 0);
    if (r.run.verdict != DT_PASS && !needs_more_processors)
        fail_msg("%u processors, schedule %s: %s bug check 0x%x: %s %s", cfg->processors, r.schedule,
            r.run.finding.rule, r.run.finding.bugcheck, r.run.finding.what, r.run.finding.where);
}

/* In real time: a few times on threads, in a process of its own, which a finding or a processor that is not there may end. */
static inline void always_in_child(const struct dt_config *cfg, dt_body *body)
{
    fflush(NULL);
    pid_t child = fork();

    if (child == 0) {
        struct dt_explore_result  r;
        struct dt_explore_options o = {.config = *cfg, .schedules = 5, .no_shrink = true};

        in_child = true;
        alarm(60);
        int e = dt_explore(body, NULL, &o, &r);

        if (e || r.run.verdict != DT_PASS)
            fprintf(stderr, "%u processors: %d, %s bug check 0x%x: %s %s\n", cfg->processors, e, r.run.finding.rule,
                r.run.finding.bugcheck, r.run.finding.what, r.run.finding.where);
        _exit(e || r.run.verdict != DT_PASS);
    }
    int status = -1;

    assert_int_equal(waitpid(child, &status, 0), child);
    if (status != 0)
        fail_msg("%u processors: status 0x%x of the process", cfg->processors, (unsigned)status);
}

/* Searched on two processors, then at random on 1, 2 and 4; in real time repeated on 2, 1 and 4. */
static inline void always(dt_body *body, unsigned bound)
{
    struct dt_config cfg = config(2);

    always_with(&cfg, body, bound);
    for (unsigned n = PROCESSORS_MIN; RANDOM_SEEDS && n <= 4; n *= 2) {
        cfg.processors = n;
        if (simulated())
            always_random(&cfg, body);
        else if (n != 2)
            always_in_child(&cfg, body);
    }
}

#define ANY_CODE  UINT32_MAX /* as bugcheck */
#define ANY_PARAM UINT64_MAX

struct expected {
    const char *rule; /* NULL: any */
    uint32_t    bugcheck;
    uint64_t    param[2];
};

static inline struct expected expect_code(const char *rule, uint32_t bugcheck)
{
    return (struct expected){rule, bugcheck, {ANY_PARAM, ANY_PARAM}};
}

static inline bool is_finding(const struct dt_result *r, const struct expected *x)
{
    bool is = (r->verdict == DT_FINDING || r->warnings) &&
              (x->bugcheck == ANY_CODE || r->finding.bugcheck == x->bugcheck) &&
              (!x->rule || strcmp(r->finding.rule, x->rule) == 0);

    for (unsigned i = 0; i < 2; i++)
        is = is && (x->param[i] == ANY_PARAM || r->finding.param[i] == x->param[i]);
    return is;
}

/* What was expected and what was seen, each with the first two parameters. */
static inline void tell_finding(char *text, size_t size, const struct dt_result *r, const struct expected *x)
{
    const struct dt_finding *f = &r->finding;

    snprintf(text, size,
        "expected %s 0x%x (0x%" PRIx64 ", 0x%" PRIx64 "), got verdict %d %s 0x%x (0x%" PRIx64 ", 0x%" PRIx64 "): %s",
        x->rule ? x->rule : "any rule", x->bugcheck, x->param[0], x->param[1], (int)r->verdict, f->rule, f->bugcheck,
        f->param[0], f->param[1], f->what);
}

static inline void assert_expected(const struct dt_result *r, const struct expected *x)
{
    char text[1024];

    if (is_finding(r, x))
        return;
    tell_finding(text, sizeof text, r, x);
    fail_msg("%s", text);
}

static inline void assert_finding(const struct dt_result *r, const char *rule, uint32_t bugcheck)
{
    struct expected x = expect_code(rule, bugcheck);

    assert_expected(r, &x);
}

static inline void caught_expected(const struct dt_config *cfg, dt_body *body, const struct expected *x)
{
    struct dt_result r = {0};

    if (simulated()) {
        assert_int_equal(dt_run(cfg, body, NULL, &r), 0);
        assert_expected(&r, x);
        return;
    }
    fflush(NULL);
    pid_t child = fork();

    if (child == 0) {
        char text[1024];

        alarm(60);
        int e = dt_run(cfg, body, NULL, &r);

        if (e != 0 || !is_finding(&r, x)) {
            tell_finding(text, sizeof text, &r, x);
            fprintf(stderr, "dt_run: %d; %s\n", e, text);
            _exit(1);
        }
        _exit(0);
    }
    int status = -1;

    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static inline void caught_with(const struct dt_config *cfg, dt_body *body, const char *rule, uint32_t bugcheck)
{
    struct expected x = expect_code(rule, bugcheck);

    caught_expected(cfg, body, &x);
}

static inline void caught(dt_body *body, const char *rule, uint32_t bugcheck)
{
    struct dt_config cfg = config(2);

    caught_with(&cfg, body, rule, bugcheck);
}

/* And with these first two parameters. */
static inline void caught_params_with(
    const struct dt_config *cfg, dt_body *body, const char *rule, uint32_t bugcheck, uint64_t p1, uint64_t p2)
{
    struct expected x = {rule, bugcheck, {p1, p2}};

    caught_expected(cfg, body, &x);
}

static inline void caught_params(dt_body *body, const char *rule, uint32_t bugcheck, uint64_t p1, uint64_t p2)
{
    struct dt_config cfg = config(2);

    caught_params_with(&cfg, body, rule, bugcheck, p1, p2);
}

static inline void found_with(
    const struct dt_config *cfg, dt_body *body, unsigned bound, const char *rule, uint32_t bugcheck)
{
    char                      strategy[16];
    struct dt_explore_result  r;
    struct dt_explore_options o = {.config = *cfg, .strategy = strategy};

    if (!simulated())
        return;
    snprintf(strategy, sizeof strategy, "dfs:%u", bound);
    assert_int_equal(dt_explore(body, NULL, &o, &r), 0);
    assert_finding(&r.run, rule, bugcheck);
}

static inline void found(dt_body *body, unsigned bound, const char *rule, uint32_t bugcheck)
{
    struct dt_config cfg = config(2);

    found_with(&cfg, body, bound, rule, bugcheck);
}

/* The flag is an ordinary variable of the test: it survives the runs. */
static inline void reached(dt_body *body, unsigned bound, const bool *flag)
{
    if (!simulated())
        return;
    always(body, bound);
    assert_true(*flag);
}

/* ---- inside bodies ---- */

/* A test names processors as if there were two or more; with fewer they wrap around. */
static inline dt_thread *spawn_wrapped(int processor, dt_body *fn, void *ctx)
{
    int count = (int)KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS);

    if (processor < count)
        return dt_spawn(processor, fn, ctx);
    needs_more_processors = true;
    if (in_child)
        _exit(0);
    return dt_spawn(processor % count, fn, ctx);
}

#define dt_spawn spawn_wrapped

static inline LARGE_INTEGER in_ms(int64_t n)
{
    LARGE_INTEGER due;

    due.QuadPart = -10000 * n;
    return due;
}

static inline NTSTATUS wait_ms(PVOID object, int64_t n)
{
    LARGE_INTEGER t = in_ms(n);

    return KeWaitForSingleObject(object, Executive, KernelMode, FALSE, &t);
}

static inline NTSTATUS poll(PVOID object)
{
    return wait_ms(object, 0);
}

static inline void wait_for(PVOID object)
{
    dt_expect_eq(KeWaitForSingleObject(object, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
}

static inline void sleep_ms(int64_t n)
{
    LARGE_INTEGER t = in_ms(n);

    KeDelayExecutionThread(KernelMode, FALSE, &t);
}

/* What other threads and processors do is about to end the run. In real time it may take long, and a minute is the end. */
static inline void until_caught(void)
{
    sleep_ms(simulated() ? 100 : 100000);
}

/* Threads just started have come to where they wait. */
static inline void settle(void)
{
    if (simulated())
        sleep_ms(1);
    else
        dt_run_until_idle();
}
