/* SPDX-License-Identifier: MIT */
/* explore/shrink.h - shared by shrink.c (what is done in which order) and shrink_edit.c (how a schedule is changed). */
#pragma once

#include "explore/internal.h"

#define SHRINK_EDIT_SWITCHES 40u /* more than plain removal is tried once no more switches than this are left */

struct shrink {
    struct explore                      *x;
    const struct explore_shrink_options *o;
    const struct explore_target         *t;
    uint64_t                             finding;
    struct explore_shrink_result        *r;

    /* the best so far: */
    struct explore_schedule *best;
    uint32_t                 choices;       /* of its run */
    uint64_t                 picks;         /* their sum */
    uint32_t stretch[SHRINK_EDIT_SWITCHES]; /* by switch: choices until what it let in had nothing to run; 0: not before
                                             * the next switch. Valid while best->count is small enough */

    uint64_t runs_max, start_ns;
    int      rc;    /* nonzero: give up and hand it on */
    bool     spent; /* no more runs */
};

/* False: out of runs or time, or an error. */
bool shrink_may_run(struct shrink *z);

/* Runs the candidate in x->work; true if it became the best. */
bool shrink_try(struct shrink *z);

/* Each returns true if the best became smaller. */
bool shrink_truncate(struct shrink *z);
bool shrink_remove(struct shrink *z); /* chunks of all sizes, down to single switches */
bool shrink_remove_single(struct shrink *z);
bool shrink_rearrange(struct shrink *z); /* see shrink_edit.c */
bool shrink_polish(struct shrink *z);    /* smaller picks, other moments */
