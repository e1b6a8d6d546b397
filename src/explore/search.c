/* SPDX-License-Identifier: MIT */
/*
 * explore/search.c - runs many schedules and watches the limits.
 *
 * Schedule 0 of every search is the one without switches: the cheapest bug is found first, and its length tells
 * the random strategies how often to switch. Schedule k of seed s is a pure function of the program, s and k;
 * shards take the numbers k with k mod shards == shard and all run schedule 0, but only shard 0 counts it.
 *
 * Which strategy finds what: a bug that needs d switches among L choices is met by `pct` of depth d about once
 * in L^d schedules whatever else the program does; `uniform` is good at bugs with many chances and at short
 * programs; the default mixture draws for each schedule how many switches it shall have.
 */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "explore/internal.h"

#define CLOCK_SCHEDULES 32u    /* look at the clock after so many schedules, */
#define CLOCK_CHOICES   65536u /* or after so many choices */

struct search {
    struct explore               *x;
    const struct explore_options *o;
    const struct explore_target  *t;
    struct explore_result        *r;

    uint64_t number;  /* of the current schedule */
    uint32_t length;  /* choices of schedule 0 */
    bool     counted; /* the current schedule belongs to this shard */

    uint64_t start_ns, report_ns, report_schedules;
    uint32_t schedules_to_clock;
    uint64_t choices_at_clock;
};

/* ---- strategies ---- */

#define BIT(tag) (1u << (tag))

static uint32_t one_in(uint64_t rate)
{
    return rate <= 1 ? UINT32_MAX : (uint32_t)((1ull << 32) / rate);
}

/* About half of the schedules also draw who goes on when a processor has nothing to run; that is no pre-emption. */
static uint32_t loose_tags(uint64_t bits)
{
    return BIT(CHOICE_USER) | (bits & 1 ? BIT(CHOICE_DISPATCH) : 0);
}

/* The default mixture: uniform, or on average 1, 2, 3, 4 or 8 switches, or a switch at every 8th or 2nd choice. */
static void sample_mixture(struct source *s, uint64_t seed, uint64_t bits, uint32_t length)
{
    static const uint8_t mean[8] = {0, 1, 2, 3, 4, 8, 0, 0};
    unsigned             kind = bits >> 8 & 7;
    uint32_t             rate = kind == 6 ? 8 : 2;

    if (kind == 0) {
        source_random(s, seed, UINT32_MAX, EXPLORE_ALL_TAGS);
        return;
    }
    if (mean[kind] && length / mean[kind] > rate)
        rate = length / mean[kind];
    source_random(s, seed, one_in(rate), loose_tags(bits));
}

static void sample(struct search *q)
{
    const struct explore_options *o = q->o;
    struct source                *s = &q->x->source;
    uint64_t                      seed = rng_at(o->seed, q->number), bits = rng_mix(seed);

    switch (o->strategy) {
    case EXPLORE_UNIFORM:
        source_random(s, seed, UINT32_MAX, EXPLORE_ALL_TAGS);
        break;
    case EXPLORE_STICKY:
        source_random(s, seed, one_in(o->rate), loose_tags(bits));
        break;
    case EXPLORE_PCT: /* a run with switches may be longer than the one without */
        source_points(s, seed, o->depth, q->length + q->length / 4 + o->depth, loose_tags(bits));
        break;
    default:
        sample_mixture(s, seed, bits, q->length);
        break;
    }
}

/* Prepares the source for the next schedule: 1; 0: none is left; negative errno. */
static int prepare(struct search *q, bool first)
{
    const struct explore_options *o = q->o;

    q->counted = !first || o->shard == 0;
    if (o->strategy == EXPLORE_DFS) {
        q->number = q->r->schedules;
        return dfs_next(&q->x->dfs, &q->x->source);
    }
    if (first) {
        source_follow(&q->x->source, 0);
        return 1;
    }
    q->number = q->number == 0 && o->shard ? o->shard : q->number + o->shards;
    if (o->schedules_max && q->number >= o->schedules_max)
        return 0;
    sample(q);
    return 1;
}

/* ---- limits ---- */

static uint64_t now(const struct search *q)
{
    return q->o->clock ? q->o->clock(q->o->io) : 0;
}

static double fraction(const struct search *q)
{
    const struct explore_options *o = q->o;
    double                        done = 0;

    if (o->strategy == EXPLORE_DFS)
        return dfs_fraction(&q->x->dfs, &q->x->source);
    if (o->schedules_max)
        done = (double)q->number / (double)o->schedules_max;
    if (o->budget_ns && (double)q->r->elapsed_ns / (double)o->budget_ns > done)
        done = (double)q->r->elapsed_ns / (double)o->budget_ns;
    return done < 1 ? done : 1;
}

/* True: the callback wants to stop. */
static bool report(struct search *q)
{
    struct explore_result  *r = q->r;
    uint64_t                interval = r->elapsed_ns - q->report_ns;
    struct explore_progress p = {
        .schedules = r->schedules,
        .elapsed_ns = r->elapsed_ns,
        .findings = r->verdicts[EXPLORE_FINDING],
        .level = r->level,
        .fraction = fraction(q),
    };

    if (interval)
        p.rate = (uint64_t)((double)(r->schedules - q->report_schedules) * 1e9 / (double)interval);
    q->report_ns = r->elapsed_ns;
    q->report_schedules = r->schedules;
    return q->o->progress(q->o->io, &p) != 0;
}

/* Looks at the clock now and then. True: the search is over, r->end says why. */
static bool over(struct search *q)
{
    const struct explore_options *o = q->o;
    struct explore_result        *r = q->r;

    /* The random kinds divide schedules_max among the shards: prepare() sees to it. */
    if (o->strategy == EXPLORE_DFS && o->schedules_max && r->schedules >= o->schedules_max) {
        r->end = EXPLORE_END_SCHEDULES;
        return true;
    }
    if (--q->schedules_to_clock && r->choices - q->choices_at_clock < CLOCK_CHOICES)
        return false;
    q->schedules_to_clock = CLOCK_SCHEDULES;
    q->choices_at_clock = r->choices;
    r->elapsed_ns = now(q) - q->start_ns;
    if (o->budget_ns && r->elapsed_ns >= o->budget_ns) {
        r->end = EXPLORE_END_BUDGET;
        return true;
    }
    if (!o->progress || r->elapsed_ns - q->report_ns < o->progress_ns || !report(q))
        return false;
    r->end = EXPLORE_END_STOPPED;
    return true;
}

/* ---- one schedule ---- */

static int diverged(struct search *q, const struct explore_divergence *d)
{
    q->r->end = EXPLORE_END_DIVERGED;
    q->r->divergence = *d;
    return 0;
}

static int keep_finding(struct search *q, const struct explore_outcome *out)
{
    q->r->found = true;
    q->r->finding = out->finding;
    q->r->finding_schedule = q->number;
    q->r->schedule.seed = q->o->seed;
    return source_taken(&q->x->source, &q->r->schedule);
}

static void count(struct search *q, const struct explore_outcome *out)
{
    struct explore_result *r = q->r;
    uint32_t               choices = q->x->source.count;

    r->schedules += q->counted;
    r->verdicts[out->verdict] += q->counted;
    r->choices += choices;
    if (choices > r->choices_max)
        r->choices_max = choices;
    r->level = q->x->dfs.level;
}

/* Runs the prepared schedule and judges it: 1 go on, 0 the search is over, negative errno. */
static int run(struct search *q)
{
    const struct explore_options *o = q->o;
    struct explore_outcome        out;
    bool                          same = true, first_finding = false;
    struct explore_divergence     d;
    int                           rc = explore_run_once(q->x, q->t, &out);

    if (rc)
        return rc;
    if (q->x->source.diverged)
        return diverged(q, &q->x->source.divergence);
    if ((unsigned)out.verdict >= EXPLORE_VERDICT_COUNT)
        return -EINVAL;
    count(q, &out);
    if (out.verdict == EXPLORE_FINDING && !q->r->found) {
        first_finding = true;
        rc = keep_finding(q, &out);
    }
    /* A finding that cannot be replayed is worth nothing, so the first one is always run again. */
    if (!rc && (first_finding || (o->determinism_every && q->number % o->determinism_every == 0))) {
        q->r->rechecks++;
        rc = explore_run_again(q->x, q->t, &out, &same, &d);
    }
    if (rc)
        return rc;
    if (!same)
        return diverged(q, &d);
    if (out.verdict == EXPLORE_FINDING && !o->keep_going) {
        q->r->end = EXPLORE_END_FINDING;
        return 0;
    }
    return 1;
}

static int loop(struct search *q)
{
    const struct explore_options *o = q->o;

    for (bool first = true;; first = false) {
        int rc = prepare(q, first);

        if (rc == 0)
            q->r->end = o->strategy == EXPLORE_DFS ? EXPLORE_END_ALL : EXPLORE_END_SCHEDULES;
        if (rc <= 0)
            return rc;
        rc = run(q);
        if (rc <= 0)
            return rc;
        if (first)
            q->length = q->x->source.count;
        if (o->strategy == EXPLORE_DFS)
            rc = dfs_ran(&q->x->dfs, &q->x->source);
        if (rc < 0 || over(q))
            return rc < 0 ? rc : 0;
    }
}

/* ---- the call ---- */

static int check(const struct explore_options *o)
{
    if ((unsigned)o->strategy > EXPLORE_DFS || o->shards == 0 || o->shard >= o->shards)
        return -EINVAL;
    if (o->strategy == EXPLORE_PCT && (o->depth == 0 || o->depth > EXPLORE_DEPTH_MAX))
        return -EINVAL;
    if (o->strategy == EXPLORE_STICKY && o->rate == 0)
        return -EINVAL;
    if ((o->budget_ns || o->progress) && !o->clock)
        return -EINVAL;
    if (o->strategy != EXPLORE_DFS && !o->schedules_max && !o->budget_ns && !o->progress)
        return -EINVAL; /* it would never end */
    return 0;
}

int explore_search(
    struct explore *x, const struct explore_options *o, const struct explore_target *t, struct explore_result *r)
{
    struct search q = {.x = x, .o = o, .t = t, .r = r, .schedules_to_clock = CLOCK_SCHEDULES};
    int           rc = check(o);

    if (rc)
        return rc;
    *r = (struct explore_result){0};
    dfs_begin(&x->dfs, o->bound, o->shard, o->shards, o->memory_max);
    q.start_ns = now(&q);
    rc = loop(&q);
    r->elapsed_ns = now(&q) - q.start_ns;
    if (rc)
        return rc;
    r->complete = o->strategy == EXPLORE_DFS && r->end == EXPLORE_END_ALL && !r->verdicts[EXPLORE_STEP_LIMIT] &&
                  !r->verdicts[EXPLORE_TIME_LIMIT];
    r->exhaustive = r->complete && !x->dfs.cut;
    return 0;
}

void explore_result_fini(struct explore_result *r)
{
    explore_schedule_fini(&r->schedule);
    *r = (struct explore_result){0};
}

/* ---- names ---- */

static const struct {
    const char           *name;
    enum explore_strategy strategy;
} names[] = {
    {"random", EXPLORE_RANDOM},
    {"uniform", EXPLORE_UNIFORM},
    {"sticky", EXPLORE_STICKY},
    {"pct", EXPLORE_PCT},
    {"dfs", EXPLORE_DFS},
};

static __attribute__((format(printf, 3, 4))) int bad(char *error, size_t size, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(error, size, fmt, ap);
    va_end(ap);
    return -EINVAL;
}

/* The number behind the colon, min .. max. */
static int parameter(const char *text, uint64_t min, uint64_t max, uint32_t *value, char *error, size_t size)
{
    uint64_t v = 0;

    for (const char *p = text; *p; p++) {
        if (*p < '0' || *p > '9' || v > UINT32_MAX)
            return bad(error, size, "\"%.24s\" is not a number", text);
        v = v * 10 + (uint64_t)(*p - '0');
    }
    if (!*text || v < min || v > max)
        return bad(error, size, "\"%.24s\" is not a number from %llu to %llu", text, (unsigned long long)min,
            (unsigned long long)max);
    *value = (uint32_t)v;
    return 0;
}

int explore_strategy_parse(struct explore_options *o, const char *text, char *error, size_t error_size)
{
    size_t      length = strcspn(text, ":");
    const char *value = text[length] ? text + length + 1 : NULL;
    size_t      i = 0;

    while (i < sizeof(names) / sizeof(names[0]) &&
           (strlen(names[i].name) != length || strncmp(names[i].name, text, length) != 0))
        i++;
    if (i == sizeof(names) / sizeof(names[0]))
        return bad(error, error_size,
            "strategy \"%.24s\" is not known: random, uniform, sticky:N, pct:D, dfs, "
            "dfs:D",
            text);
    o->strategy = names[i].strategy;
    if (!value)
        return 0;
    switch (o->strategy) {
    case EXPLORE_STICKY:
        return parameter(value, 1, UINT32_MAX, &o->rate, error, error_size);
    case EXPLORE_PCT:
        return parameter(value, 1, EXPLORE_DEPTH_MAX, &o->depth, error, error_size);
    case EXPLORE_DFS:
        return parameter(value, 0, EXPLORE_NO_BOUND - 1, &o->bound, error, error_size);
    default:
        return bad(error, error_size, "strategy %s takes no number", names[i].name);
    }
}

size_t explore_strategy_format(const struct explore_options *o, char *buf, size_t size)
{
    const char *name = names[o->strategy].name;
    int         n;

    if (o->strategy == EXPLORE_STICKY)
        n = snprintf(buf, size, "%s:%u", name, o->rate);
    else if (o->strategy == EXPLORE_PCT)
        n = snprintf(buf, size, "%s:%u", name, o->depth);
    else if (o->strategy == EXPLORE_DFS && o->bound != EXPLORE_NO_BOUND)
        n = snprintf(buf, size, "%s:%u", name, o->bound);
    else
        n = snprintf(buf, size, "%s", name);
    return n > 0 ? (size_t)n : 0;
}
