/* SPDX-License-Identifier: MIT */
/*
 * explore/explore.c - the explorer as an object, and what is done with a single schedule.
 *
 * Guarantee on which everything else stands: a program that is a function of its picks alone meets the same
 * choices again. Whenever a known stretch of a schedule is run again (a depth-first prefix, a replay, a
 * comparison), each choice's number of alternatives and tag are compared with what was recorded, so a program
 * that is not deterministic is named with the first choice that differs, never explored in silence.
 *
 *   source.c    answers and records        dfs.c       enumerates
 *   schedule.c  switch lists and text      search.c    many schedules        shrink.c    fewer switches
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "explore/internal.h"

struct explore *explore_create(void)
{
    return calloc(1, sizeof(struct explore));
}

void explore_destroy(struct explore *x)
{
    if (!x)
        return;
    source_fini(&x->source);
    dfs_fini(&x->dfs);
    explore_schedule_fini(&x->work);
    free(x->window);
    free(x);
}

int explore_run_once(struct explore *x, const struct explore_target *t, struct explore_outcome *out)
{
    *out = (struct explore_outcome){0};
    int rc = t->run(t->ctx, &x->source.choices, out);

    source_finish(&x->source);
    return rc ? rc : x->source.error;
}

int explore_run_again(struct explore *x, const struct explore_target *t, const struct explore_outcome *first,
    bool *same, struct explore_divergence *d)
{
    struct source         *s = &x->source;
    uint32_t               count = s->count;
    struct explore_outcome again;

    source_follow(s, count);
    int rc = explore_run_once(x, t, &again);

    *d = s->divergence;
    *same = !s->diverged;
    if (rc || !*same)
        return rc;
    if (s->count > count)
        *d = (struct explore_divergence){.index = count, .got = source_choice(s, count)};
    else
        *d = (struct explore_divergence){.index = count, .outcome = true};
    *same = s->count == count && again.verdict == first->verdict && again.finding == first->finding &&
            again.trace == first->trace;
    return 0;
}

static void report(const struct source *s, struct explore_replay_result *r)
{
    r->diverged = s->diverged;
    r->divergence = s->divergence;
    r->choices = s->count;
    r->fingerprint = source_fingerprint(s);
}

int explore_replay(struct explore *x, const struct explore_target *t, const struct explore_schedule *s, unsigned flags,
    struct explore_replay_result *r)
{
    enum source_fit fit = flags & EXPLORE_REPLAY_LOOSE ? SOURCE_LOOSE : SOURCE_STRICT;

    *r = (struct explore_replay_result){0};
    source_switches(&x->source, s->switches, s->count, fit, s->seed);
    int rc = explore_run_once(x, t, &r->outcome);

    report(&x->source, r);
    return rc;
}

int explore_check_determinism(struct explore *x, const struct explore_target *t, const struct explore_schedule *s,
    struct explore_replay_result *r)
{
    int rc = explore_replay(x, t, s, 0, r);

    if (rc || r->diverged)
        return rc;
    bool same;

    rc = explore_run_again(x, t, &r->outcome, &same, &r->divergence);
    r->diverged = !rc && !same;
    return rc;
}

int explore_last_run(const struct explore *x, struct explore_schedule *s)
{
    return source_taken(&x->source, s);
}

uint32_t explore_choices(const struct explore *x)
{
    return x->source.count;
}

struct explore_choice explore_choice_at(const struct explore *x, uint32_t index)
{
    return source_choice(&x->source, index);
}

static const char *tag_name(enum choice_tag tag)
{
    static const char *const names[CHOICE_TAG_COUNT] = {
        [CHOICE_STEP] = "step",
        [CHOICE_DISPATCH] = "dispatch",
        [CHOICE_DPC_MODE] = "DPC mode",
        [CHOICE_DPC_DELAY] = "DPC delay",
        [CHOICE_FAULT] = "fault",
        [CHOICE_USER] = "user",
        [CHOICE_WAITER] = "waiter",
        [CHOICE_INTERRUPT] = "interrupt",
        [CHOICE_DEVICE] = "device",
    };

    return (unsigned)tag < CHOICE_TAG_COUNT ? names[tag] : "unknown";
}

static size_t written(int n)
{
    return n > 0 ? (size_t)n : 0;
}

size_t explore_divergence_format(const struct explore_divergence *d, char *buf, size_t size)
{
    const struct explore_choice *a = &d->expected, *b = &d->got;

    if (d->outcome)
        return written(snprintf(buf, size, "all %u choices agree, but the outcome differs", d->index));
    if (!b->n && !a->n)
        return written(snprintf(buf, size, "the run ended before choice %u", d->index));
    if (!b->n)
        return written(snprintf(buf, size,
            "choice %u had %u alternatives (%s) when recorded, now the run "
            "ends before it",
            d->index, a->n, tag_name(a->tag)));
    if (!a->n && a->pick)
        return written(snprintf(buf, size, "choice %u takes alternative %u, but there are only %u (%s)", d->index,
            a->pick, b->n, tag_name(b->tag)));
    if (!a->n)
        return written(snprintf(buf, size,
            "the run ended before choice %u when recorded, now it has %u "
            "alternatives (%s)",
            d->index, b->n, tag_name(b->tag)));
    return written(snprintf(buf, size, "choice %u had %u alternatives (%s) when recorded, now %u (%s)", d->index, a->n,
        tag_name(a->tag), b->n, tag_name(b->tag)));
}
