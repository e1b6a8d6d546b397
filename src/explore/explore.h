/* SPDX-License-Identifier: MIT */
/*
 * explore/explore.h - runs a program under many schedules, finds one that fails, makes it short, replays it.
 *
 * The program is a callback that runs once, from the same initial state each time, asking a choice source
 * (base/choice.h) "which of n?". Nothing here knows what a machine is. A schedule is written as its
 * *switches*: the choices whose pick was not 0.
 *
 * An explorer belongs to one thread at a time; several may be used side by side. Functions that can fail
 * return 0 or a negative errno. Times are nanoseconds of the caller's clock.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/choice.h"

/* ---- schedules ---- */

#define EXPLORE_ALTERNATIVES_MAX ((1u << 28) - 1) /* most alternatives of one choice */
#define EXPLORE_LEVEL_MAX        15               /* longest name of a point level */

/* One switch: the choice with this index (from 0) took pick (1 .. n-1). */
struct explore_switch {
    uint32_t        index;
    uint32_t        pick;
    uint32_t        n; /* alternatives there were; 0: not known, then n and tag are not checked */
    enum choice_tag tag;
};

/* What a replay needs. Owns the array; all zero is the empty schedule. */
struct explore_schedule {
    uint32_t               build;                        /* first 8 hexadecimal digits of the build id */
    char                   level[EXPLORE_LEVEL_MAX + 1]; /* a-z */
    unsigned               cpus;
    uint64_t               seed;
    struct explore_switch *switches; /* by index, ascending */
    size_t                 count, capacity;
};

void explore_schedule_fini(struct explore_schedule *s);

/* to becomes an independent copy. -ENOMEM leaves it as it was. */
int explore_schedule_copy(struct explore_schedule *to, const struct explore_schedule *from);

/* Appends; indexes must ascend. */
int explore_schedule_add(struct explore_schedule *s, const struct explore_switch *sw);

/* Longest text: use explore_schedule_format(s, NULL, 0) + 1. Like snprintf: returns the length it wants. Form:
 *     v1.<build8>.<level>.p<cpus>.s<seed>.<i:pick/n-i:pick/n-...>      "-" when there are no switches
 * A tag other than CHOICE_STEP follows n as a letter: d dispatch, m DPC mode, q DPC delay, f fault, u user. */
size_t explore_schedule_format(const struct explore_schedule *s, char *buf, size_t size);

/* s must be empty or zero. -EINVAL with one line in error. "/n" may be left out by hand. */
int explore_schedule_parse(struct explore_schedule *s, const char *text, char *error, size_t error_size);

/* May this run replay s? level NULL and cpus 0 accept any. -EINVAL with one line in error. */
int explore_schedule_check(
    const struct explore_schedule *s, uint32_t build, const char *level, unsigned cpus, char *error, size_t error_size);

/* ---- the program under test ---- */

enum explore_verdict {
    EXPLORE_OK,
    EXPLORE_FINDING,
    EXPLORE_STEP_LIMIT, /* cut: more choices than the host allows */
    EXPLORE_TIME_LIMIT, /* cut: more virtual time than the host allows */
    EXPLORE_VERDICT_COUNT
};

struct explore_outcome {
    enum explore_verdict verdict;
    uint64_t finding; /* fingerprint of the *kind* of finding: rule, bug check, object class; no addresses, no times */
    uint64_t trace;   /* optional fingerprint of all that happened; two runs of one schedule must agree on it */
};

/* Runs one schedule, always from the same initial state. *out is zero (OK) at entry. A negative errno ends the search. */
typedef int explore_run_fn(void *ctx, struct choice_source *choices, struct explore_outcome *out);

struct explore_target {
    explore_run_fn *run;
    void           *ctx;
};

/* ---- a search ---- */

enum explore_strategy {
    EXPLORE_RANDOM,  /* mixture, by schedule: uniform, or few to many switches */
    EXPLORE_UNIFORM, /* every alternative equally likely */
    EXPLORE_STICKY,  /* a switch at one choice in `rate`, on average */
    EXPLORE_PCT,     /* switches at `depth` random choices */
    EXPLORE_DFS,     /* every schedule with at most `bound` switches, those with fewer switches first, none twice */
};

#define EXPLORE_NO_BOUND  UINT32_MAX
#define EXPLORE_DEPTH_MAX 16u

struct explore_progress {
    uint64_t schedules; /* run so far */
    uint64_t elapsed_ns;
    uint64_t rate; /* schedules per second since the last report */
    uint64_t findings;
    uint32_t level;    /* dfs: schedules with this many switches are being run */
    double   fraction; /* dfs: estimated part of this level that is done; others: of schedules_max or the time budget */
};

struct explore_options {
    enum explore_strategy strategy;
    uint64_t              seed;
    uint64_t              schedules_max; /* 0 = none; dfs: of this shard, else of all shards together */
    uint32_t              bound;         /* dfs; EXPLORE_NO_BOUND = all schedules */
    uint32_t              depth;         /* pct, 1 .. EXPLORE_DEPTH_MAX */
    uint32_t              rate;          /* sticky, >= 1 */
    uint32_t shard, shards;      /* this is part shard (from 0) of shards; the parts are disjoint and complete */
    uint64_t budget_ns;          /* 0 = none; needs clock */
    uint64_t determinism_every;  /* run every such schedule twice and compare; 0 = never */
    bool     keep_going;         /* do not stop at the first finding */
    size_t   memory_max;         /* dfs: bytes for remembering schedules to extend; more only changes the order */
    uint64_t progress_ns;        /* time between reports */
    uint64_t (*clock)(void *io); /* may be NULL */
    int (*progress)(
        void *io, const struct explore_progress *p); /* may be NULL; needs clock; nonzero stops the search */
    void *io;
};

#define EXPLORE_OPTIONS_DEFAULT                                                                    \
    {                                                                                              \
        .bound = EXPLORE_NO_BOUND, .depth = 3, .rate = 16, .shards = 1, .determinism_every = 4096, \
        .memory_max = (size_t)256 << 20, .progress_ns = 250000000                                  \
    }

/* "random", "uniform", "sticky:N", "pct:D", "dfs", "dfs:D". Sets strategy and its parameter only. */
int explore_strategy_parse(struct explore_options *o, const char *text, char *error, size_t error_size);

/* Writes what explore_strategy_parse() reads; returns like snprintf. */
size_t explore_strategy_format(const struct explore_options *o, char *buf, size_t size);

enum explore_end {
    EXPLORE_END_ALL, /* nothing left to run */
    EXPLORE_END_FINDING,
    EXPLORE_END_SCHEDULES, /* schedules_max */
    EXPLORE_END_BUDGET,
    EXPLORE_END_STOPPED,  /* by the progress callback */
    EXPLORE_END_DIVERGED, /* the program is not deterministic: see divergence */
};

/* One choice as it was recorded; n == 0: the run had ended. */
struct explore_choice {
    uint32_t        n, pick;
    enum choice_tag tag;
};

struct explore_divergence {
    uint32_t              index; /* of the first choice that differs */
    struct explore_choice expected, got;
    bool                  outcome; /* every choice agrees, but verdict, finding or trace do not */
};

/* One line: "choice 17 had 3 alternatives (step) when recorded, now 2 (dispatch)". */
size_t explore_divergence_format(const struct explore_divergence *d, char *buf, size_t size);

struct explore_result {
    enum explore_end end;
    bool             complete;   /* dfs: every schedule within the bound (of this shard) was run, none cut by a limit */
    bool             exhaustive; /* complete, and the bound excluded nothing: these are all schedules there are */
    uint64_t         schedules;
    uint64_t         verdicts[EXPLORE_VERDICT_COUNT]; /* of these, how many ended so */
    uint64_t         choices;                         /* asked in all schedules together */
    uint32_t         choices_max;                     /* in the longest */
    uint64_t         rechecks;                        /* runs made twice to compare; not in schedules */
    uint64_t         elapsed_ns;                      /* 0 without a clock */
    uint32_t         level;                           /* dfs: highest number of switches begun */
    /* The first finding: */
    bool                      found;
    uint64_t                  finding;          /* its fingerprint */
    uint64_t                  finding_schedule; /* number of its schedule, from 0, in the whole search */
    struct explore_schedule   schedule;         /* build, level and cpus are the caller's to fill */
    struct explore_divergence divergence;       /* END_DIVERGED */
};

struct explore;

struct explore *explore_create(void); /* NULL: no memory */
void            explore_destroy(struct explore *x);

/* *r must be zero or have been through explore_result_fini(). Also -EINVAL for options that make no sense, or what run() returned. */
int explore_search(
    struct explore *x, const struct explore_options *o, const struct explore_target *t, struct explore_result *r);

void explore_result_fini(struct explore_result *r);

/* ---- one schedule ---- */

enum explore_replay_flag {
    EXPLORE_REPLAY_LOOSE = 1, /* after a divergence go on with random switches from the schedule's seed */
};

struct explore_replay_result {
    struct explore_outcome    outcome;
    bool                      diverged; /* then outcome does not speak of this schedule */
    struct explore_divergence divergence;
    uint32_t                  choices;
    uint64_t                  fingerprint; /* of every (n, tag, pick) of the run */
};

/* After a divergence the rest of the run picks 0 (or see LOOSE). */
int explore_replay(struct explore *x, const struct explore_target *t, const struct explore_schedule *s, unsigned flags,
    struct explore_replay_result *r);

/* The schedule of the explorer's last run as it really went: only switches that were taken. Sets switches and count. */
int explore_last_run(const struct explore *x, struct explore_schedule *s);

/* All choices of the last run, for listings. */
uint32_t              explore_choices(const struct explore *x);
struct explore_choice explore_choice_at(const struct explore *x, uint32_t index);

/* Runs s twice, the second time from the record of the first, and compares every choice and the outcome.
 * r->diverged tells; r->divergence where. */
int explore_check_determinism(struct explore *x, const struct explore_target *t, const struct explore_schedule *s,
    struct explore_replay_result *r);

/* ---- shrinking ---- */

struct explore_shrink_options {
    uint64_t runs_max;  /* 0 = 100,000 */
    uint64_t budget_ns; /* 0 = none; needs clock */
    uint64_t (*clock)(void *io);
    void *io;
};

struct explore_shrink_result {
    uint64_t                  runs;
    size_t                    before, after; /* switches */
    bool                      minimal;       /* proved: no schedule with fewer switches has this finding */
    bool                      confirmed;     /* replayed twice, same record and same outcome */
    uint32_t                  choices;       /* of the shrunk run */
    struct explore_divergence divergence;    /* if not confirmed */
};

/* Makes s a schedule with the same finding fingerprint from which no single switch can be removed, usually far
 * shorter. -ENOENT: s itself does not show that finding. */
int explore_shrink(struct explore *x, const struct explore_shrink_options *o, const struct explore_target *t,
    uint64_t finding, struct explore_schedule *s, struct explore_shrink_result *r);
