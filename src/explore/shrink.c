/* SPDX-License-Identifier: MIT */
/*
 * explore/shrink.c - from a schedule that fails to the shortest one that fails in the same way.
 *
 * Theory. Changing a switch changes what runs next, so every index behind it may come to mean another moment: most
 * candidates miss the bug although a schedule like them shows it. Therefore, from cheap to dear:
 *   - A candidate is bent, not refused: a switch for which there are too few alternatives is left out. If the run
 *     shows the finding, what it *really did* becomes the new schedule: whatever lay behind the failure is gone.
 *   - Chunks of switches are removed, large ones first, as in delta debugging.
 *   - Few switches are rearranged so that stretches of one thread join: shrink_edit.c.
 *   - A depth-first search looks for fewer switches, each near one of the best's.
 *   - Then it looks everywhere. It starts with no switch, so what it finds is minimal, and if it ends it has proved
 *     that the best is.
 * A candidate becomes the best only if it is smaller by (switches, choices, sum of picks): so this ends.
 */
#include "explore/shrink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RUNS_DEFAULT 100000u
#define CLOCK_RUNS   64u
#define MEMORY_MAX   ((size_t)256 << 20)
#define NEAR         6u /* a search near the best gets one in so many of the runs left, for each radius */
#define RADIUS_FIRST 2u
#define RADIUS_MAX   16u
#define POLISH       16u /* the last search leaves one in so many runs for polishing */

static uint64_t now(const struct shrink *z)
{
    return z->o->clock ? z->o->clock(z->o->io) : 0;
}

bool shrink_may_run(struct shrink *z)
{
    if (z->rc || z->spent)
        return false;
    if (z->r->runs >= z->runs_max)
        z->spent = true;
    if (z->o->budget_ns && z->r->runs % CLOCK_RUNS == 0 && now(z) - z->start_ns >= z->o->budget_ns)
        z->spent = true;
    return !z->spent;
}

static uint64_t runs_left(const struct shrink *z)
{
    return z->r->runs < z->runs_max ? z->runs_max - z->r->runs : 0;
}

/* ---- the best so far ---- */

static uint32_t find_stretch(const struct source *s, uint32_t index, uint32_t end)
{
    for (uint32_t i = index + 1; i < end; i++)
        if (step_tag(s->steps[i]) == CHOICE_DISPATCH)
            return i - index;
    return 0;
}

/* What the last run did is the best from now on. */
static void keep(struct shrink *z, uint64_t picks)
{
    const struct source           *s = &z->x->source;
    const struct explore_schedule *best = z->best;

    z->rc = source_taken(s, z->best);
    z->choices = s->count;
    z->picks = picks;
    for (size_t i = 0; i < best->count && best->count <= SHRINK_EDIT_SWITCHES; i++)
        z->stretch[i] =
            find_stretch(s, best->switches[i].index, i + 1 < best->count ? best->switches[i + 1].index : s->count);
}

static void count_taken(const struct source *s, size_t *switches, uint64_t *picks)
{
    *switches = 0;
    *picks = 0;
    for (uint32_t i = 0; i < s->count; i++) {
        *switches += step_pick(s->steps[i]) != 0;
        *picks += step_pick(s->steps[i]);
    }
}

/* The last run showed the finding: keeps it if it is smaller than the best. */
static bool improve(struct shrink *z)
{
    const struct source *s = &z->x->source;
    size_t               switches;
    uint64_t             picks;

    count_taken(s, &switches, &picks);
    if (switches > z->best->count)
        return false;
    if (switches == z->best->count && (s->count > z->choices || (s->count == z->choices && picks >= z->picks)))
        return false;
    keep(z, picks);
    return z->rc == 0;
}

/* Runs what the source has been prepared for. True: the finding is there. */
static bool shows(struct shrink *z)
{
    struct explore_outcome out;

    z->r->runs++;
    z->rc = explore_run_once(z->x, z->t, &out);
    return !z->rc && out.verdict == EXPLORE_FINDING && out.finding == z->finding;
}

bool shrink_try(struct shrink *z)
{
    const struct explore_schedule *w = &z->x->work;

    if (!shrink_may_run(z))
        return false;
    source_switches(&z->x->source, w->switches, w->count, SOURCE_BEND, 0);
    return shows(z) && improve(z);
}

/* ---- depth-first ---- */

/* Runs schedules with fewer switches than the best, none at first, until one shows the finding (it becomes the best), none
 * is left, or runs are spent. True: one of the first two, so nothing smaller than the best is left where it looked. */
static bool search(struct shrink *z, uint64_t runs)
{
    struct dfs    *d = &z->x->dfs;
    struct source *s = &z->x->source;
    uint64_t       end = z->r->runs + runs;

    while (z->r->runs < end && shrink_may_run(z)) {
        int more = dfs_next(d, s);

        if (more <= 0) {
            z->rc = more;
            return more == 0;
        }
        bool found = shows(z);

        if (z->rc || s->diverged) /* not deterministic: the confirmation will say so */
            return false;
        if (found)
            return improve(z);
        z->rc = dfs_ran(d, s);
    }
    return false;
}

/* Marks the indexes at most radius away from a switch of the best. False: no memory. */
static bool mark_window(struct shrink *z, uint32_t radius, uint32_t *length)
{
    struct explore *x = z->x;

    *length = z->best->switches[z->best->count - 1].index + radius + 1;
    if (*length > x->window_capacity) {
        uint8_t *window = realloc(x->window, *length);

        if (!window)
            return false;
        x->window = window;
        x->window_capacity = *length;
    }
    memset(x->window, 0, *length);
    for (size_t i = 0; i < z->best->count; i++) {
        uint32_t index = z->best->switches[i].index;
        uint32_t from = index > radius ? index - radius : 0;

        memset(x->window + from, 1, index + radius + 1 - from);
    }
    return true;
}

/* True if that helped. */
static bool search_near(struct shrink *z)
{
    size_t before = z->best->count;

    for (uint32_t radius = RADIUS_FIRST; radius <= RADIUS_MAX && before > 1; radius *= 2) {
        uint32_t length;

        if (!mark_window(z, radius, &length)) {
            z->rc = -ENOMEM;
            return false;
        }
        dfs_begin(&z->x->dfs, (uint32_t)before - 1, 0, 1, MEMORY_MAX);
        dfs_restrict(&z->x->dfs, z->x->window, length);
        search(z, runs_left(z) / NEAR);
        if (z->best->count < before)
            return true;
    }
    return false;
}

static void search_everywhere(struct shrink *z)
{
    uint64_t runs = runs_left(z);

    if (z->best->count == 0) {
        z->r->minimal = true;
        return;
    }
    dfs_begin(&z->x->dfs, (uint32_t)z->best->count - 1, 0, 1, MEMORY_MAX);
    z->r->minimal = search(z, runs - runs / POLISH);
}

/* ---- all of it ---- */

static void reduce(struct shrink *z)
{
    bool again = true;

    shrink_truncate(z);
    while (again && shrink_may_run(z))
        again = shrink_remove(z) || shrink_rearrange(z) || search_near(z);
    search_everywhere(z);
    do
        again = shrink_polish(z);
    while (shrink_remove_single(z) || (again && shrink_may_run(z)));
}

static void confirm(struct shrink *z)
{
    struct explore_replay_result r;

    z->rc = explore_check_determinism(z->x, z->t, z->best, &r);
    z->r->divergence = r.divergence;
    z->r->confirmed = !z->rc && !r.diverged && r.outcome.verdict == EXPLORE_FINDING && r.outcome.finding == z->finding;
}

/* The schedule as given must show the finding; what it really did is the first best. */
static void first(struct shrink *z)
{
    size_t   switches;
    uint64_t picks;

    source_switches(&z->x->source, z->best->switches, z->best->count, SOURCE_BEND, 0);
    if (!shows(z)) {
        z->rc = z->rc ? z->rc : -ENOENT;
        return;
    }
    count_taken(&z->x->source, &switches, &picks);
    keep(z, picks);
}

int explore_shrink(struct explore *x, const struct explore_shrink_options *o, const struct explore_target *t,
    uint64_t finding, struct explore_schedule *s, struct explore_shrink_result *r)
{
    struct shrink z = {.x = x, .o = o, .t = t, .finding = finding, .best = s, .r = r};

    if (o->budget_ns && !o->clock)
        return -EINVAL;
    *r = (struct explore_shrink_result){.before = s->count};
    z.runs_max = o->runs_max ? o->runs_max : RUNS_DEFAULT;
    z.start_ns = now(&z);
    first(&z);
    if (!z.rc)
        reduce(&z);
    if (!z.rc)
        confirm(&z);
    r->after = s->count;
    r->choices = z.choices;
    return z.rc;
}
