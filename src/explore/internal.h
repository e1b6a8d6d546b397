/* SPDX-License-Identifier: MIT */
/* explore/internal.h - what the files of explore/ share. */
#pragma once

#include "explore/dfs.h"
#include "explore/explore.h"
#include "explore/source.h"

struct explore {
    struct source           source;
    struct dfs              dfs;
    struct explore_schedule work;   /* shrinking: the candidate */
    uint8_t                *window; /* shrinking: indexes where a switch may be */
    uint32_t                window_capacity;
};

#define EXPLORE_ALL_TAGS ((1u << CHOICE_TAG_COUNT) - 1)

/* Runs the program as the source has been prepared. A negative errno is the program's or the source's. */
int explore_run_once(struct explore *x, const struct explore_target *t, struct explore_outcome *out);

/* Runs the last run again from its record and compares with it. *same false: *d says where. */
int explore_run_again(struct explore *x, const struct explore_target *t, const struct explore_outcome *first,
    bool *same, struct explore_divergence *d);
