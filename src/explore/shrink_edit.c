/* SPDX-License-Identifier: MIT */
/*
 * explore/shrink_edit.c - changes to a switch list that may keep its meaning with fewer switches.
 *
 * Theory. Between two switches lies a stretch of one thread (or processor). Each edit has a picture; a, b, c are
 * stretches, "|" a switch:
 *     remove      a | b | c        ->  a c        what follows comes earlier by the length of b
 *     fuse        a | b | c        ->  a | c      b is dropped, the next switch leads elsewhere
 *     swap        a | b | c | d    ->  a c | b d  if c belongs to a's thread and d to b's: two switches less
 *                                  or  a c | b | d                                          one less
 * A pick counts from the current thread, so it may have to change when the thread before it does: the switch behind an
 * edit is tried with its other picks too. An edit that changes the meaning does no harm: its run just misses the
 * finding.
 */
#include "explore/shrink.h"

#define PICKS_MAX 8u /* other picks tried for one switch */

struct edit {
    size_t   first, count; /* switches that go */
    unsigned with;         /* how many come instead */
    int64_t  at[2];
    uint32_t pick[2];
    int64_t  shift;  /* of all behind */
    uint32_t repick; /* of the first behind; 0: as it is */
};

/* Appends to the candidate; what would fall on or before its predecessor is left out. */
static void add(struct shrink *z, struct explore_switch sw, int64_t index)
{
    struct explore_schedule *w = &z->x->work;

    if (z->rc || index < 0 || index >= UINT32_MAX)
        return;
    if (w->count && index <= (int64_t)w->switches[w->count - 1].index)
        return;
    sw.index = (uint32_t)index;
    z->rc = explore_schedule_add(w, &sw);
}

static bool try_edit(struct shrink *z, const struct edit *e)
{
    const struct explore_schedule *best = z->best;
    size_t                         behind = e->first + e->count;

    z->x->work.count = 0;
    for (size_t i = 0; i < e->first; i++)
        add(z, best->switches[i], best->switches[i].index);
    for (unsigned i = 0; i < e->with; i++) {
        struct explore_switch sw = best->switches[e->first];

        sw.pick = e->pick[i];
        add(z, sw, e->at[i]);
    }
    for (size_t i = behind; i < best->count; i++) {
        struct explore_switch sw = best->switches[i];

        if (i == behind && e->repick)
            sw.pick = e->repick;
        add(z, sw, sw.index + e->shift);
    }
    return shrink_try(z);
}

/* Number of the last pick to try at a switch like this one. */
static uint32_t last_pick(const struct explore_switch *sw)
{
    return sw->n - 1 < PICKS_MAX ? sw->n - 1 : PICKS_MAX;
}

/* As given, then with the other picks of the first switch behind. */
static bool try_repicked(struct shrink *z, struct edit e)
{
    size_t behind = e.first + e.count;

    e.repick = 0;
    if (try_edit(z, &e))
        return true;
    if (behind >= z->best->count)
        return false;
    struct explore_switch sw = z->best->switches[behind];

    for (uint32_t pick = 1; pick <= last_pick(&sw); pick++) {
        e.repick = pick;
        if (pick != sw.pick && try_edit(z, &e))
            return true;
    }
    return false;
}

/* ---- plain removal ---- */

bool shrink_truncate(struct shrink *z)
{
    for (size_t keep = 0; keep < z->best->count && shrink_may_run(z); keep = keep ? keep * 2 : 1)
        if (try_edit(z, &(struct edit){.first = keep, .count = z->best->count - keep}))
            return true;
    return false;
}

/* From the back: later switches depend on earlier ones, so they are the cheaper ones to lose. */
static bool remove_chunks(struct shrink *z, size_t chunk)
{
    bool   any = false;
    size_t end = z->best->count;

    while (end >= chunk && shrink_may_run(z)) {
        if (try_edit(z, &(struct edit){.first = end - chunk, .count = chunk}))
            any = true;
        else
            end -= chunk;
        if (end > z->best->count)
            end = z->best->count;
    }
    return any;
}

bool shrink_remove_single(struct shrink *z)
{
    return remove_chunks(z, 1);
}

bool shrink_remove(struct shrink *z)
{
    bool any = false;

    for (size_t chunk = z->best->count; chunk > 0; chunk = chunk > 4 ? chunk / 2 : chunk - 1)
        any |= remove_chunks(z, chunk);
    return any;
}

/* ---- rearranging ---- */

static int64_t index_of(const struct shrink *z, size_t i)
{
    return z->best->switches[i].index;
}

/* Removes one or two switches; what is behind stays, closes the gap, or moves a little. */
static bool remove_moving(struct shrink *z, size_t first, size_t count)
{
    struct edit e = {.first = first, .count = count};

    if (try_repicked(z, e))
        return true;
    if (first + count >= z->best->count)
        return false;
    const int64_t shifts[] = {index_of(z, first) - index_of(z, first + count),
        index_of(z, first) - index_of(z, first + count - 1), -(int64_t)z->stretch[first], -1, 1, -2, 2};

    for (size_t i = 0; i < sizeof(shifts) / sizeof(shifts[0]); i++) {
        e.shift = shifts[i];
        if (e.shift && try_repicked(z, e))
            return true;
    }
    return false;
}

/* Two switches become one, at the moment of either. */
static bool fuse(struct shrink *z, size_t first)
{
    struct edit           e = {.first = first, .count = 2, .with = 1};
    struct explore_switch sw = z->best->switches[first];
    int64_t               second = index_of(z, first + 1);

    for (e.pick[0] = 1; e.pick[0] <= last_pick(&sw); e.pick[0]++) {
        e.at[0] = second;
        e.shift = 0;
        if (try_repicked(z, e))
            return true;
        e.at[0] = sw.index;
        if (try_repicked(z, e))
            return true;
        e.shift = sw.index - second;
        if (try_repicked(z, e))
            return true;
    }
    return false;
}

/* The stretch behind the second switch changes places with the one before it. */
static bool swap(struct shrink *z, size_t first)
{
    struct edit           e = {.first = first, .count = 3, .with = 1};
    struct explore_switch sw = z->best->switches[first];
    int64_t               second = index_of(z, first + 1), third = index_of(z, first + 2);

    e.at[0] = sw.index + third - second;
    e.at[1] = third;
    for (e.pick[0] = 1; e.pick[0] <= last_pick(&sw); e.pick[0]++) {
        e.with = 1;
        if (try_repicked(z, e))
            return true;
        e.with = 2;
        for (e.pick[1] = 1; e.pick[1] <= last_pick(&sw); e.pick[1]++)
            if (try_edit(z, &e))
                return true;
    }
    return false;
}

static bool rearrange_at(struct shrink *z, size_t first)
{
    size_t left = z->best->count - first;

    if (remove_moving(z, first, 1))
        return true;
    if (left >= 2 && (remove_moving(z, first, 2) || fuse(z, first)))
        return true;
    return left >= 3 && swap(z, first);
}

bool shrink_rearrange(struct shrink *z)
{
    for (size_t i = 0; i < z->best->count && z->best->count <= SHRINK_EDIT_SWITCHES && shrink_may_run(z); i++)
        if (rearrange_at(z, i))
            return true;
    return false;
}

/* ---- polishing: as many switches, but plainer ---- */

static bool polish_switch(struct shrink *z, size_t i)
{
    struct explore_switch sw = z->best->switches[i];
    struct edit           e = {.first = i, .count = 1, .with = 1, .at = {sw.index}};

    for (e.pick[0] = 1; e.pick[0] < sw.pick; e.pick[0] += e.pick[0] < PICKS_MAX ? 1 : e.pick[0])
        if (try_edit(z, &e))
            return true;
    e.pick[0] = sw.pick;
    for (int64_t far = 8; far > 0; far /= 2) {
        const int64_t moves[] = {-far, far};

        for (int k = 0; k < 4; k++) {
            e.at[0] = sw.index + moves[k & 1];
            e.shift = k & 2 ? moves[k & 1] : 0;
            if (try_edit(z, &e))
                return true;
        }
    }
    return false;
}

bool shrink_polish(struct shrink *z)
{
    bool any = false;

    for (size_t i = 0; i < z->best->count && shrink_may_run(z); i++)
        while (i < z->best->count && polish_switch(z, i))
            any = true;
    return any;
}
