/* SPDX-License-Identifier: MIT */
/*
 * host/testrun.c - dt_explore(): a campaign with the verifier only, then shrinking, then one replay that is
 * recorded and told. On the real-time machine there is nothing to choose: the body is repeated.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "explore/explore.h"
#include "host/host.h"
#include "host/image.h"
#include "host/story.h"

enum { SCHEDULES_DEFAULT = 10000, STEPS_DEFAULT = 50000 };

struct campaign {
    const struct dt_explore_options *o;
    struct dt_explore_result        *r;
    struct dt_config                 cfg;
    dt_body                         *body;
    void                            *ctx;
    struct out                       out;
    bool                             telling;
};

static uint64_t host_clock(void *io)
{
    struct timespec t;

    (void)io;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* ---- one schedule ---- */

static enum explore_verdict verdict(void)
{
    if (host.stopped)
        return EXPLORE_FINDING;
    if (host.end == MACH_STEP_LIMIT)
        return EXPLORE_STEP_LIMIT;
    return host.end == MACH_TIME_LIMIT ? EXPLORE_TIME_LIMIT : EXPLORE_OK;
}

static int run_one(void *ctx, struct choice_source *choices, struct explore_outcome *out)
{
    struct campaign      *c = ctx;
    struct choice_source *source = c->telling ? story_listen(choices) : choices;
    int                   e = host_run(&c->cfg, source, c->telling ? HOST_TELLING : HOST_SILENT, c->body, c->ctx);

    if (e != 0)
        return e;
    c->r->warned += host.warnings != 0;
    out->verdict = verdict();
    out->finding = host_fingerprint();
    out->trace = host.time * 0x9e3779b97f4a7c15ull + host.choices;
    return 0;
}

static int progress(void *io, const struct explore_progress *p)
{
    struct campaign   *c = io;
    struct dt_progress d = {.schedules = p->schedules,
        .rate = p->rate,
        .fraction = p->fraction,
        .level = p->level,
        .elapsed = p->elapsed_ns};

    return c->o->progress(c->o->progress_io, &d);
}

/* ---- options ---- */

static int search_options(struct campaign *c, struct explore_options *x)
{
    const struct dt_explore_options *o = c->o;
    const char                      *strategy = o->strategy ? o->strategy : "random";

    *x = (struct explore_options)EXPLORE_OPTIONS_DEFAULT;
    int e = explore_strategy_parse(x, strategy, c->r->error, sizeof c->r->error);

    if (e != 0)
        return e;
    x->seed = c->cfg.seed;
    x->schedules_max = o->schedules;
    if (!o->schedules && x->strategy != EXPLORE_DFS)
        x->schedules_max = SCHEDULES_DEFAULT;
    x->budget_ns = o->budget;
    x->clock = host_clock;
    x->progress = o->progress ? progress : NULL;
    x->io = c;
    return 0;
}

static const char *level_name(enum dt_level level)
{
    static const char *const names[] = {"api", "atomic", "memory"};

    return names[level];
}

/* ---- the finding ---- */

static void fill_schedule(const struct campaign *c, struct explore_schedule *s)
{
    s->build = image_build_id();
    s->cpus = c->cfg.processors;
    s->seed = c->cfg.seed;
    snprintf(s->level, sizeof s->level, "%s", level_name(c->cfg.level));
}

static void write_schedule(const struct explore_schedule *s, struct dt_explore_result *r)
{
    if (explore_schedule_format(s, r->schedule, sizeof r->schedule) >= sizeof r->schedule)
        r->schedule[0] = '\0';
    r->switches = (unsigned)s->count;
}

static void shrink(struct campaign *c, struct explore *x, uint64_t finding, struct explore_schedule *s)
{
    struct explore_target         t = {run_one, c};
    struct explore_shrink_options so = {.budget_ns = 5000000000ull, .clock = host_clock};
    struct explore_shrink_result  sr;

    c->r->switches_found = (unsigned)s->count;
    if (c->o->no_shrink || explore_shrink(x, &so, &t, finding, s, &sr) != 0)
        return;
    c->r->shrink_runs = sr.runs;
}

static void say_divergence(const struct explore_divergence *d, struct dt_explore_result *r)
{
    size_t used = (size_t)snprintf(r->error, sizeof r->error, "the run went another way: ");

    explore_divergence_format(d, r->error + used, sizeof r->error - used);
}

/* r->schedule is empty when it is too long for its room; the report has it whole. NULL: no memory. */
static char *whole_schedule(const struct explore_schedule *s)
{
    size_t size = explore_schedule_format(s, NULL, 0) + 1;
    char  *text = malloc(size);

    if (text)
        explore_schedule_format(s, text, size);
    return text;
}

/* Replays s with the recorder on and prints the report. */
static int tell(struct campaign *c, struct explore *x, const struct explore_schedule *s)
{
    struct explore_target        t = {run_one, c};
    struct explore_replay_result rr;
    unsigned                     flags = c->o->loose ? EXPLORE_REPLAY_LOOSE : 0;

    c->telling = true;
    int e = explore_replay(x, &t, s, flags, &rr);

    c->telling = false;
    if (e != 0)
        return e;
    host_result(&c->r->run);
    if (rr.diverged && !c->o->loose) {
        c->r->end = DT_END_DIVERGED;
        say_divergence(&rr.divergence, c->r);
        return 0;
    }
    char              *schedule = whole_schedule(s);
    struct host_replay replay = {.schedule = schedule, .command = c->o->replay, .switches = (unsigned)s->count};

    if (!c->cfg.quiet && (host.stopped || host.warnings))
        report_print(&c->out, &replay);
    free(schedule);
    return 0;
}

/* ---- a search ---- */

static const enum dt_end ends[] = {[EXPLORE_END_ALL] = DT_END_ALL,
    [EXPLORE_END_FINDING] = DT_END_FINDING,
    [EXPLORE_END_SCHEDULES] = DT_END_SCHEDULES,
    [EXPLORE_END_BUDGET] = DT_END_BUDGET,
    [EXPLORE_END_STOPPED] = DT_END_STOPPED,
    [EXPLORE_END_DIVERGED] = DT_END_DIVERGED};

static void copy_result(struct dt_explore_result *r, const struct explore_result *xr)
{
    r->end = ends[xr->end];
    r->complete = xr->complete;
    r->exhaustive = xr->exhaustive && !host.paused;
    r->schedules = xr->schedules;
    r->choices_max = xr->choices_max;
    r->cut = xr->verdicts[EXPLORE_STEP_LIMIT] + xr->verdicts[EXPLORE_TIME_LIMIT];
    r->elapsed = xr->elapsed_ns;
    r->bound = xr->level;
    if (xr->finding)
        r->found_at = xr->finding_schedule + 1;
    if (r->end == DT_END_DIVERGED)
        say_divergence(&xr->divergence, r);
}

static int search(struct campaign *c, struct explore *x)
{
    struct explore_target  t = {run_one, c};
    struct explore_result  xr = {.end = EXPLORE_END_ALL};
    struct explore_options xo;

    if (!c->cfg.steps_max)
        c->cfg.steps_max = STEPS_DEFAULT;
    int e = search_options(c, &xo);

    host.paused = false;
    if (e == 0)
        e = explore_search(x, &xo, &t, &xr);
    if (e != 0)
        return e;
    copy_result(c->r, &xr);
    if (c->r->warned > c->r->schedules) /* some were run twice */
        c->r->warned = c->r->schedules;
    host_result(&c->r->run);
    if (xr.finding) {
        shrink(c, x, xr.finding, &xr.schedule);
        fill_schedule(c, &xr.schedule);
        write_schedule(&xr.schedule, c->r);
        e = tell(c, x, &xr.schedule);
    }
    explore_result_fini(&xr);
    return e;
}

/* ---- a replay ---- */

static int set_level(struct campaign *c, const char *name)
{
    for (int i = DT_LEVEL_API; i <= DT_LEVEL_MEMORY; i++) {
        if (strcmp(name, level_name((enum dt_level)i)) == 0) {
            c->cfg.level = (enum dt_level)i;
            return 0;
        }
    }
    snprintf(c->r->error, sizeof c->r->error, "point level \"%s\" is none of api, atomic, memory", name);
    return -EINVAL;
}

/* The schedule says how it was found; what is asked for beside it must not be another thing. */
static int contradicts(const struct campaign *c, const struct explore_schedule *s, char *error, size_t size)
{
    const struct dt_config *asked = &c->o->config;

    if (asked->processors && asked->processors != s->cpus)
        snprintf(error, size, "the schedule is one of %u processor%s, not of %u", s->cpus, s->cpus == 1 ? "" : "s",
            asked->processors);
    else if (asked->level && strcmp(level_name(asked->level), s->level) != 0)
        snprintf(error, size, "the schedule is one of point level %s, not of %s", s->level, level_name(asked->level));
    else if (asked->seed && asked->seed != s->seed)
        snprintf(error, size, "the schedule is one of seed %llu, not of %llu", (unsigned long long)s->seed,
            (unsigned long long)asked->seed);
    else
        return 0;
    return -EINVAL;
}

static int replay(struct campaign *c, struct explore *x)
{
    struct explore_schedule   s = {.count = 0};
    struct dt_explore_result *r = c->r;
    int e = explore_schedule_parse(&s, c->o->schedule ? c->o->schedule : "", r->error, sizeof r->error);

    if (e == 0 && !c->o->loose)
        e = explore_schedule_check(&s, image_build_id(), NULL, 0, r->error, sizeof r->error);
    if (e == 0)
        e = contradicts(c, &s, r->error, sizeof r->error);
    if (e == 0)
        e = set_level(c, s.level);
    if (e == 0) {
        c->cfg.processors = s.cpus;
        c->cfg.seed = s.seed;
        r->schedules = 1;
        r->end = DT_END_ALL;
        write_schedule(&s, r);
        e = tell(c, x, &s);
    }
    if (e == 0 && r->end != DT_END_DIVERGED && r->run.verdict == DT_FINDING) {
        r->end = DT_END_FINDING;
        r->found_at = 1;
    }
    explore_schedule_fini(&s);
    return e;
}

/* ---- the real-time machine ---- */

static int repeat(struct campaign *c)
{
    uint64_t n = c->o->schedules ? c->o->schedules : 1, start = host_clock(NULL);
    int      e = 0;

    for (uint64_t i = 0; i < n && e == 0; i++) {
        e = host_run(&c->cfg, NULL, c->cfg.quiet ? HOST_SILENT : HOST_TELLING, c->body, c->ctx);
        if (e != 0)
            break;
        host_result(&c->r->run);
        c->r->schedules = i + 1;
        if (c->r->run.verdict == DT_FINDING) {
            c->r->end = DT_END_FINDING;
            c->r->found_at = i + 1;
            break;
        }
    }
    c->r->elapsed = host_clock(NULL) - start;
    if (e == 0 && !c->cfg.quiet && (host.stopped || host.warnings))
        report_print(&c->out, NULL);
    return e;
}

static int explore(struct campaign *c)
{
    struct explore *x = explore_create();
    bool            is_replay = c->o->strategy && strcmp(c->o->strategy, "replay") == 0;

    if (!x)
        return -ENOMEM;
    int e = is_replay ? replay(c, x) : search(c, x);

    explore_destroy(x);
    return e;
}

int dt_explore(dt_body *body, void *ctx, const struct dt_explore_options *o, struct dt_explore_result *r)
{
    static const struct dt_explore_options defaults;
    struct dt_explore_result               scratch;
    struct campaign c = {.o = o ? o : &defaults, .r = r ? r : &scratch, .body = body, .ctx = ctx};

    *c.r = (struct dt_explore_result){.end = DT_END_ALL};
    int e = host_config(&c.cfg, &c.o->config);

    if (e != 0) {
        snprintf(c.r->error, sizeof c.r->error, "there must be 1 to %u processors, and no more groups than processors",
            MACH_CPUS_MAX);
        return e;
    }
    c.out = (struct out){.print = c.cfg.print, .io = c.cfg.print_io};
    return strcmp(dt_machine(), "rt") == 0 ? repeat(&c) : explore(&c);
}
