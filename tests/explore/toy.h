/* SPDX-License-Identifier: MIT */
/*
 * Toy programs for the explorer: small concurrent machines whose schedules can be counted by hand. Each is a
 * struct with a run function that fits explore_run_fn; all are functions of their picks unless they say otherwise.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "explore/explore.h"

/* ---- a fixed list of choices ---- */

struct toy_list {
    unsigned count;
    unsigned n[32];
    unsigned picks[32]; /* of the last run */
    uint64_t runs;
};

static inline int toy_list_run(void *ctx, struct choice_source *c, struct explore_outcome *out)
{
    struct toy_list *t = ctx;

    (void)out;
    t->runs++;
    for (unsigned i = 0; i < t->count; i++)
        t->picks[i] = c->pick(c, t->n[i], CHOICE_STEP);
    return 0;
}

/* ---- threads that interleave; alternative 0 is the thread that ran last, then the others in order ---- */

#define TOY_THREADS_MAX 4

struct toy_threads {
    unsigned threads;
    unsigned steps[TOY_THREADS_MAX]; /* of each */
    unsigned done[TOY_THREADS_MAX];
    unsigned current;
    /* Called for each step: what the thread does. true: finding. */
    bool (*step)(struct toy_threads *t, unsigned thread, unsigned step);
    uint64_t finding;
    int64_t  shared[4], local[TOY_THREADS_MAX];
    uint64_t runs;
    uint8_t  order[512]; /* which thread made each step */
    unsigned length;
};

static inline bool toy_ready(const struct toy_threads *t, unsigned thread)
{
    return t->done[thread] < t->steps[thread];
}

/* The pick-th ready thread, counted from the current one (which comes first if it is ready). */
static inline unsigned toy_nth(const struct toy_threads *t, unsigned pick)
{
    for (unsigned k = 0; k < t->threads; k++) {
        unsigned thread = (t->current + k) % t->threads;

        if (toy_ready(t, thread) && pick-- == 0)
            return thread;
    }
    abort();
}

static inline int toy_threads_run(void *ctx, struct choice_source *c, struct explore_outcome *out)
{
    struct toy_threads *t = ctx;

    t->runs++;
    t->current = t->length = 0;
    memset(t->done, 0, sizeof(t->done));
    memset(t->shared, 0, sizeof(t->shared));
    for (;;) {
        unsigned ready = 0;

        for (unsigned i = 0; i < t->threads; i++)
            ready += toy_ready(t, i);
        if (!ready)
            return 0;
        enum choice_tag tag = toy_ready(t, t->current) ? CHOICE_STEP : CHOICE_DISPATCH;

        t->current = toy_nth(t, ready > 1 ? c->pick(c, ready, tag) : 0);
        t->order[t->length++] = (uint8_t)t->current;
        if (t->step && t->step(t, t->current, t->done[t->current])) {
            out->verdict = EXPLORE_FINDING;
            out->finding = t->finding;
            return 0;
        }
        t->done[t->current]++;
    }
}

/* ---- counting ---- */

static inline uint64_t toy_choose(unsigned n, unsigned k)
{
    uint64_t r = 1;

    for (unsigned i = 1; i <= k; i++)
        r = r * (n - k + i) / i;
    return r;
}

/* Set of 64-bit values that must all differ. */
struct toy_set {
    uint64_t *v;
    size_t    count, capacity;
};

/* False: it was there already. */
static inline bool toy_set_add(struct toy_set *s, uint64_t value)
{
    if (2 * (s->count + 1) > s->capacity) {
        struct toy_set bigger = {.capacity = s->capacity ? s->capacity * 2 : 1024};

        bigger.v = calloc(bigger.capacity, sizeof(*bigger.v));
        for (size_t i = 0; i < s->capacity; i++)
            if (s->v[i])
                toy_set_add(&bigger, s->v[i]);
        free(s->v);
        *s = bigger;
    }
    value |= value == 0;
    for (size_t i = value % s->capacity;; i = (i + 1) % s->capacity) {
        if (s->v[i] == value)
            return false;
        if (!s->v[i]) {
            s->v[i] = value;
            s->count++;
            return true;
        }
    }
}
