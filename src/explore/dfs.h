/* SPDX-License-Identifier: MIT */
/* explore/dfs.h - enumerates schedules by number of switches; the theory is in dfs.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "explore/source.h"

/* A schedule that was run and can be extended by one more switch behind its last one. */
struct dfs_node {
    uint64_t step;   /* the last switch: n, tag and pick; 0: the root, which has none */
    uint32_t parent; /* the schedule without the last switch */
    uint32_t index;  /* of the last switch */
    uint32_t length; /* choices the run asked */
};

struct dfs {
    uint32_t       bound, shard, shards;
    const uint8_t *window; /* not NULL: only where this is nonzero may a switch be; it has window_length bytes */
    uint32_t       window_length;

    struct dfs_node *nodes; /* level by level */
    size_t           count, capacity, count_max;
    size_t           at, level_end; /* node being extended; end of its level */
    uint32_t         level;         /* switches of the schedules being run */

    /* extending nodes[at]: */
    uint32_t floor;    /* first index that may change */
    uint32_t limit;    /* most switches in this pass */
    uint32_t switches; /* in the prefix */
    uint32_t prefix;   /* ends with a switch */
    bool     deep;     /* whole subtree now, as it cannot be remembered */
    bool     started;
    bool     cut; /* the bound left schedules out */

    double weight, weight_done, weight_next; /* indexes to extend: in this level, done, in the next */
};

/* Keeps the arrays of earlier searches. bytes_max: see explore_options.memory_max. */
void dfs_begin(struct dfs *d, uint32_t bound, uint32_t shard, uint32_t shards, size_t bytes_max);
void dfs_fini(struct dfs *d);

/* After dfs_begin(): no switch but at the indexes marked. The array must outlive the search. */
void dfs_restrict(struct dfs *d, const uint8_t *window, uint32_t window_length);

/* Prepares s for the next schedule: 1; 0: there is none; -ENOMEM. Between calls s must keep the record of the last run. */
int dfs_next(struct dfs *d, struct source *s);

/* The schedule ran as prepared (no divergence). -ENOMEM. */
int dfs_ran(struct dfs *d, const struct source *s);

/* Estimated part of this level that is done, 0 .. 1. */
double dfs_fraction(const struct dfs *d, const struct source *s);
