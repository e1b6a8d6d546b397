/* SPDX-License-Identifier: MIT */
/*
 * explore/source.h - the choice source inside the explorer: the record of a run and the ways of answering.
 *
 * Every answer is recorded as one word (n, tag, pick), so that a run can be followed, compared or written
 * down afterwards. The record is reused from run to run; memory is only asked for when a run is longer than
 * any before it. Set a way of answering, call the program, then look at the record.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "explore/explore.h"

#define STEP_PICK_BITS 28
#define STEP_PICK_MASK ((1ull << STEP_PICK_BITS) - 1)

/* A step whose n and tag are not known yet: following it fills them in. */
#define STEP_UNKNOWN_N 0u

static inline uint64_t step_pack(unsigned n, unsigned tag, unsigned pick)
{
    return (uint64_t)tag << 2 * STEP_PICK_BITS | (uint64_t)n << STEP_PICK_BITS | pick;
}

static inline unsigned step_pick(uint64_t step)
{
    return (unsigned)(step & STEP_PICK_MASK);
}

static inline unsigned step_n(uint64_t step)
{
    return (unsigned)(step >> STEP_PICK_BITS & STEP_PICK_MASK);
}

static inline enum choice_tag step_tag(uint64_t step)
{
    return (enum choice_tag)(step >> 2 * STEP_PICK_BITS);
}

/* What a switch list does where the program no longer fits it. */
enum source_fit {
    SOURCE_STRICT, /* note the divergence, pick 0 from there on */
    SOURCE_LOOSE,  /* note the divergence, go on with random switches */
    SOURCE_BEND,   /* take the switch if there are enough alternatives, else 0; no divergence (shrinking) */
};

struct source {
    struct choice_source choices; /* what the program gets */

    /* the record: */
    uint64_t *steps;
    uint32_t  count, capacity;
    int       error; /* -ENOMEM, or -EOVERFLOW: too many alternatives; the record is then worthless */

    /* following (depth-first, comparison): steps[0 .. prefix) say what must happen; 0 afterwards */
    uint32_t prefix;

    /* random: */
    uint64_t seed;
    uint32_t threshold;  /* a switch when 32 random bits are below */
    uint32_t loose_tags; /* bit set of tags for which all alternatives are equally likely */

    /* switch lists and change points: */
    const struct explore_switch *next, *end;
    enum source_fit              fit;
    uint32_t                     points[EXPLORE_DEPTH_MAX + 1], point; /* ascending, UINT32_MAX last */

    bool                      diverged;
    struct explore_divergence divergence;
};

void source_fini(struct source *s);

/* Picks 0 throughout when prefix is 0. The caller has written steps[0 .. prefix). */
void source_follow(struct source *s, uint32_t prefix);

/* One random schedule; threshold 2^32-1 and all tags loose is the uniform one. */
void source_random(struct source *s, uint64_t seed, uint32_t threshold, uint32_t loose_tags);

/* Switches at depth random choices among the first `length`. */
void source_points(struct source *s, uint64_t seed, uint32_t depth, uint32_t length, uint32_t loose_tags);

/* The given switches must outlive the run. seed is for SOURCE_LOOSE. */
void source_switches(
    struct source *s, const struct explore_switch *first, size_t count, enum source_fit fit, uint64_t seed);

/* After the run: notices choices that were expected but never asked. */
void source_finish(struct source *s);

/* Room for at least count steps; false: no memory. */
bool source_reserve(struct source *s, uint32_t count);

struct explore_choice source_choice(const struct source *s, uint32_t index);

/* Fingerprint of every (n, tag, pick). */
uint64_t source_fingerprint(const struct source *s);

/* Switches that the run took, into list (reset first). */
int source_taken(const struct source *s, struct explore_schedule *list);
