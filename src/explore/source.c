/* SPDX-License-Identifier: MIT */
/*
 * explore/source.c - see source.h. The pick functions are the hot path: some 60 of them per schedule and
 * 300,000 schedules a second leave a few nanoseconds each, so each way of answering has its own function.
 */
#include "explore/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/rng.h"

#define CAPACITY_FIRST 1024u
#define STICKY_LOOSE   (1u << 28) /* after a divergence: a switch at one choice in 16 */

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

static struct source *source_of(struct choice_source *c)
{
    return container_of(c, struct source, choices);
}

bool source_reserve(struct source *s, uint32_t count)
{
    if (count <= s->capacity)
        return true;
    uint32_t capacity = s->capacity ? s->capacity : CAPACITY_FIRST;

    while (capacity < count)
        capacity = capacity > UINT32_MAX / 2 ? UINT32_MAX : capacity * 2;
    uint64_t *steps = realloc(s->steps, capacity * sizeof(*steps));

    if (!steps)
        return false;
    s->steps = steps;
    s->capacity = capacity;
    return true;
}

/* The rare half of record(): a full record, or more alternatives than a step can hold. */
static __attribute__((noinline)) unsigned record_slow(struct source *s, unsigned n, unsigned tag, unsigned pick)
{
    if (n > EXPLORE_ALTERNATIVES_MAX)
        s->error = -EOVERFLOW;
    else if (s->count == UINT32_MAX || !source_reserve(s, s->count + 1))
        s->error = -ENOMEM;
    if (s->error)
        return 0;
    s->steps[s->count++] = step_pack(n, tag, pick);
    return pick;
}

static inline unsigned record(struct source *s, unsigned n, unsigned tag, unsigned pick)
{
    if (unlikely(s->count >= s->capacity || n > EXPLORE_ALTERNATIVES_MAX))
        return record_slow(s, n, tag, pick);
    s->steps[s->count++] = step_pack(n, tag, pick);
    return pick;
}

static unsigned pick_zero(struct choice_source *c, unsigned n, enum choice_tag tag)
{
    return record(source_of(c), n, tag, 0);
}

/* Without branches on the random bits: half of them would be mispredicted. */
static unsigned pick_random(struct choice_source *c, unsigned n, enum choice_tag tag)
{
    struct source *s = source_of(c);
    uint64_t       bits = rng_at(s->seed, s->count);
    unsigned       loose = s->loose_tags >> tag & 1, sticky = loose ^ 1;
    unsigned       taken = loose | ((uint32_t)bits < s->threshold);
    unsigned       drawn = sticky + rng_below((uint32_t)(bits >> 32), n - sticky);

    return record(s, n, tag, drawn & (0 - taken));
}

static unsigned pick_points(struct choice_source *c, unsigned n, enum choice_tag tag)
{
    struct source *s = source_of(c);
    bool           loose = s->loose_tags >> tag & 1;

    if (likely(s->count != s->points[s->point] && !loose))
        return record(s, n, tag, 0);
    uint32_t high = (uint32_t)(rng_at(s->seed, s->count) >> 32);

    if (s->count == s->points[s->point])
        s->point++;
    return record(s, n, tag, loose ? rng_below(high, n) : 1 + rng_below(high, n - 1));
}

static void diverge(struct source *s, struct explore_choice expected, struct explore_choice got)
{
    s->diverged = true;
    s->divergence = (struct explore_divergence){.index = s->count, .expected = expected, .got = got};
}

/* The rare half of pick_follow(): a step not known yet, or the program is not the one that was recorded. */
static __attribute__((noinline)) unsigned follow_slow(struct source *s, unsigned n, unsigned tag, uint64_t step)
{
    if (step_n(step) == STEP_UNKNOWN_N && step_pick(step) < n)
        return record(s, n, tag, step_pick(step));
    diverge(s, source_choice(s, s->count), (struct explore_choice){.n = n, .tag = (enum choice_tag)tag});
    s->prefix = s->count;
    s->choices.pick = pick_zero;
    return record(s, n, tag, 0);
}

static unsigned pick_follow(struct choice_source *c, unsigned n, enum choice_tag tag)
{
    struct source *s = source_of(c);

    if (s->count >= s->prefix)
        return record(s, n, tag, 0);
    uint64_t step = s->steps[s->count];

    if (unlikely((step ^ step_pack(n, tag, 0)) & ~STEP_PICK_MASK))
        return follow_slow(s, n, tag, step);
    s->count++;
    return step_pick(step);
}

/* The rare half of pick_switches(): here is a switch. */
static __attribute__((noinline)) unsigned switch_slow(struct source *s, unsigned n, unsigned tag)
{
    const struct explore_switch *sw = s->next++;
    bool                         fits = sw->pick < n;

    if (s->fit == SOURCE_BEND)
        return record(s, n, tag, fits ? sw->pick : 0);
    if (fits && sw->n)
        fits = sw->n == n && (unsigned)sw->tag == tag;
    if (fits)
        return record(s, n, tag, sw->pick);
    diverge(s, (struct explore_choice){.n = sw->n, .tag = sw->tag, .pick = sw->pick},
        (struct explore_choice){.n = n, .tag = (enum choice_tag)tag});
    s->next = s->end;
    s->choices.pick = s->fit == SOURCE_LOOSE ? pick_random : pick_zero;
    return s->choices.pick(&s->choices, n, (enum choice_tag)tag);
}

static unsigned pick_switches(struct choice_source *c, unsigned n, enum choice_tag tag)
{
    struct source *s = source_of(c);

    if (likely(s->next == s->end || s->next->index != s->count))
        return record(s, n, tag, 0);
    return switch_slow(s, n, tag);
}

static void begin(struct source *s, unsigned (*pick)(struct choice_source *, unsigned, enum choice_tag))
{
    s->choices.pick = pick;
    s->count = 0;
    s->prefix = 0;
    s->error = 0;
    s->next = s->end = NULL;
    s->diverged = false;
}

void source_follow(struct source *s, uint32_t prefix)
{
    begin(s, prefix ? pick_follow : pick_zero);
    s->prefix = prefix;
}

void source_random(struct source *s, uint64_t seed, uint32_t threshold, uint32_t loose_tags)
{
    begin(s, pick_random);
    s->seed = seed;
    s->threshold = threshold;
    s->loose_tags = loose_tags;
}

/* Two points may coincide: then there is one switch less. */
void source_points(struct source *s, uint64_t seed, uint32_t depth, uint32_t length, uint32_t loose_tags)
{
    begin(s, pick_points);
    s->seed = seed;
    s->loose_tags = loose_tags;
    s->point = 0;
    for (uint32_t i = 0; i < depth; i++) {
        uint32_t at = rng_below((uint32_t)rng_at(~seed, i), length ? length : 1);
        uint32_t j = i;

        for (; j > 0 && s->points[j - 1] > at; j--)
            s->points[j] = s->points[j - 1];
        s->points[j] = at;
    }
    uint32_t unique = 0;

    for (uint32_t i = 0; i < depth; i++)
        if (unique == 0 || s->points[unique - 1] != s->points[i])
            s->points[unique++] = s->points[i];
    s->points[unique] = UINT32_MAX;
}

void source_switches(
    struct source *s, const struct explore_switch *first, size_t count, enum source_fit fit, uint64_t seed)
{
    begin(s, pick_switches);
    s->next = first;
    s->end = count ? first + count : first; /* first may be NULL: no arithmetic with that */
    s->fit = fit;
    s->seed = seed;
    s->threshold = STICKY_LOOSE;
    s->loose_tags = 0;
}

void source_finish(struct source *s)
{
    struct explore_choice ended = {0};

    if (s->diverged || s->error)
        return;
    if (s->count < s->prefix) {
        diverge(s, source_choice(s, s->count), ended);
    } else if (s->next != s->end && s->fit != SOURCE_BEND) {
        const struct explore_switch *sw = s->next;

        diverge(s, (struct explore_choice){.n = sw->n, .tag = sw->tag, .pick = sw->pick}, ended);
        s->divergence.index = sw->index;
    }
}

void source_fini(struct source *s)
{
    free(s->steps);
    *s = (struct source){0};
}

struct explore_choice source_choice(const struct source *s, uint32_t index)
{
    uint64_t step = s->steps[index];

    return (struct explore_choice){.n = step_n(step), .pick = step_pick(step), .tag = step_tag(step)};
}

uint64_t source_fingerprint(const struct source *s)
{
    uint64_t h = s->count;

    for (uint32_t i = 0; i < s->count; i++)
        h = rng_mix(h ^ s->steps[i]);
    return h;
}

int source_taken(const struct source *s, struct explore_schedule *list)
{
    int rc = 0;

    list->count = 0;
    for (uint32_t i = 0; i < s->count && !rc; i++) {
        struct explore_choice c = source_choice(s, i);

        if (c.pick)
            rc = explore_schedule_add(
                list, &(struct explore_switch){.index = i, .pick = c.pick, .n = c.n, .tag = c.tag});
    }
    return rc;
}
