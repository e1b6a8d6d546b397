/* SPDX-License-Identifier: MIT */
/*
 * tests/observe/feed.h - hand-written event sequences for observers, and the findings that come of them.
 * `on(cpu, irql, thread)` says where the next events happen, `at(ns)` when. Findings are recorded and the run
 * goes on, so a test sees everything that one sequence sets off.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/ev.c"
#include "base/finding.c"

#define FEED_MAX 32
static struct finding feed_found[FEED_MAX];
static unsigned       feed_count;
static struct ev      feed_where;

static void feed_sink(const struct finding *f)
{
    assert_true(feed_count < FEED_MAX);
    feed_found[feed_count++] = *f;
}

static void feed_stamp(struct ev *e)
{
    e->cpu = feed_where.cpu;
    e->irql = feed_where.irql;
    e->thread = feed_where.thread;
    e->time_ns = feed_where.time_ns;
}

static inline void feed_init(void)
{
    feed_count = 0;
    feed_where = (struct ev){.thread = 1};
    finding_sink = feed_sink;
    ev_stamp = feed_stamp;
}

static inline void on(unsigned cpu, unsigned irql, unsigned thread)
{
    feed_where.cpu = (uint8_t)cpu;
    feed_where.irql = (uint8_t)irql;
    feed_where.thread = thread;
}

static inline void at(uint64_t ns)
{
    feed_where.time_ns = ns;
}

#define U(p) ((uint64_t)(uintptr_t)(p))
#define E(id, obj, a, b, c) \
    ev_publish(EV_##id, (const void *)(uintptr_t)(obj), (uint64_t)(a), (uint64_t)(b), (uint64_t)(c))

/* The next finding is this one, with exactly these parameters. */
#define expect_found(severity_, rule_, code, p1, p2, p3, p4)                      \
    do {                                                                          \
        assert_true(feed_count > 0);                                              \
        assert_string_equal(feed_found[0].rule, rule_);                           \
        assert_int_equal(feed_found[0].severity, severity_);                      \
        assert_int_equal(feed_found[0].bugcheck, code);                           \
        assert_int_equal(feed_found[0].param[0], (uint64_t)(p1));                 \
        assert_int_equal(feed_found[0].param[1], (uint64_t)(p2));                 \
        assert_int_equal(feed_found[0].param[2], (uint64_t)(p3));                 \
        assert_int_equal(feed_found[0].param[3], (uint64_t)(p4));                 \
        memmove(feed_found, feed_found + 1, --feed_count * sizeof feed_found[0]); \
    } while (0)

#define expect_stop(rule_, code, p1, p2, p3, p4) expect_found(FINDING_STOP, rule_, code, p1, p2, p3, p4)
#define expect_warning(rule_)                                                     \
    do {                                                                          \
        assert_true(feed_count > 0);                                              \
        assert_string_equal(feed_found[0].rule, rule_);                           \
        assert_int_equal(feed_found[0].severity, FINDING_WARNING);                \
        memmove(feed_found, feed_found + 1, --feed_count * sizeof feed_found[0]); \
    } while (0)

/* Nothing more; says what there was, otherwise. */
#define expect_silence()                                                       \
    do {                                                                       \
        if (feed_count)                                                        \
            print_message("%s: %s\n", feed_found[0].rule, feed_found[0].what); \
        assert_int_equal(feed_count, 0);                                       \
    } while (0)
