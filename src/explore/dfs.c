/* SPDX-License-Identifier: MIT */
/*
 * explore/dfs.c - every schedule with at most `bound` switches, those with fewer first, none twice.
 *
 * Theory. A schedule is its list of switches, so the schedules form a tree: the root has none, and a child
 * adds one switch *behind* its parent's last one. Level k of the tree is the schedules with k switches.
 * Extending a node means running its children: for each index behind its last switch, last index first, and
 * each pick 1 .. n-1 at that index. How many alternatives the parent met at each index need not be
 * remembered: the first child goes along the whole of the parent's run and meets them again, so that a node
 * is remembered in 24 bytes, its last switch and its length.
 *
 * Levels are run in order. When the memory for nodes is full, a node's whole subtree is run at once, depth
 * first, instead of only its children; the set of schedules is the same, only their order changes. Both are
 * one loop: "go back from the end of the prefix to the last index that can still be raised, with no more than
 * `limit` switches in all", where limit is the level or, for a whole subtree, the bound.
 *
 * A search may be restricted to switches at marked indexes; then the first child is the one with the last index
 * that is marked, which is as good, because only indexes before it are tried next.
 *
 * Shards split the tree by the first switch. Each runs the root to know the alternatives; the caller counts it
 * in one of them.
 */
#include "explore/dfs.h"

#include <errno.h>
#include <stdlib.h>

#define NODES_FIRST 1024u

void dfs_begin(struct dfs *d, uint32_t bound, uint32_t shard, uint32_t shards, size_t bytes_max)
{
    struct dfs_node *nodes = d->nodes;
    size_t           capacity = d->capacity, count_max = bytes_max / sizeof(*nodes);

    *d = (struct dfs){.bound = bound, .shard = shard, .shards = shards};
    d->nodes = nodes;
    d->capacity = capacity;
    d->count_max = count_max < UINT32_MAX / 2 ? count_max : UINT32_MAX / 2;
}

void dfs_fini(struct dfs *d)
{
    free(d->nodes);
    *d = (struct dfs){0};
}

static uint32_t floor_of(const struct dfs_node *node)
{
    return node->step ? node->index + 1 : 0;
}

void dfs_restrict(struct dfs *d, const uint8_t *window, uint32_t window_length)
{
    d->window = window;
    d->window_length = window_length;
}

static bool may_switch(const struct dfs *d, uint32_t index)
{
    return !d->window || (index < d->window_length && d->window[index]);
}

static int remember(struct dfs *d, struct dfs_node node)
{
    if (d->count == d->capacity) {
        size_t           capacity = d->capacity ? d->capacity * 2 : NODES_FIRST;
        struct dfs_node *nodes = realloc(d->nodes, capacity * sizeof(*nodes));

        if (!nodes)
            return -ENOMEM;
        d->nodes = nodes;
        d->capacity = capacity;
    }
    d->nodes[d->count++] = node;
    d->weight_next += node.length - floor_of(&node);
    return 0;
}

static bool owned(const struct dfs *d, uint32_t index, uint32_t pick)
{
    return ((uint64_t)index + pick) % d->shards == d->shard;
}

/* Raises the last pick of the prefix that may be raised and cuts the prefix there. False: the subtree is done. */
static bool step_back(struct dfs *d, struct source *s)
{
    for (uint32_t i = d->prefix; i-- > d->floor;) {
        uint64_t step = s->steps[i];
        uint32_t pick = step_pick(step);

        if (pick + 1 < step_n(step) && (pick || (d->switches < d->limit && may_switch(d, i)))) {
            s->steps[i] = step + 1;
            d->switches += pick == 0;
            d->prefix = i + 1;
            return true;
        }
        if (pick) {
            s->steps[i] = step - pick;
            d->switches--;
        }
    }
    return false;
}

/* As step_back(), over first switches that belong to other shards. */
static bool step_back_owned(struct dfs *d, struct source *s)
{
    do {
        if (!step_back(d, s))
            return false;
    } while (d->switches == 1 && !owned(d, d->prefix - 1, step_pick(s->steps[d->prefix - 1])));
    return true;
}

/* Writes the node's switches with everything else up to its end unknown. */
static bool rebuild(struct dfs *d, struct source *s, const struct dfs_node *node)
{
    if (!source_reserve(s, node->length))
        return false;
    for (uint32_t i = 0; i < node->length; i++)
        s->steps[i] = step_pack(STEP_UNKNOWN_N, 0, 0);
    for (; node->step; node = &d->nodes[node->parent])
        s->steps[node->index] = node->step;
    return true;
}

/* Sets up the first schedule of nodes[at]: 1, 0 (nothing there for this shard) or -ENOMEM. */
static int enter(struct dfs *d, struct source *s)
{
    const struct dfs_node *node = &d->nodes[d->at];
    uint32_t               last = node->length - 1;

    d->floor = floor_of(node);
    d->deep = d->count >= d->count_max;
    d->limit = d->deep ? d->bound : d->level;
    d->switches = d->level - 1;
    d->prefix = node->length;
    while (last > d->floor && !may_switch(d, last))
        last--;
    if (!may_switch(d, last))
        return 0;
    if (!node->step) /* the root's record is still there */
        return step_back_owned(d, s);
    if (!rebuild(d, s, node))
        return -ENOMEM;
    s->steps[last] = step_pack(STEP_UNKNOWN_N, 0, 1);
    d->prefix = last + 1;
    d->switches++;
    return 1;
}

/* Moves on to the next node to extend; false: there is none. */
static bool next_node(struct dfs *d)
{
    if (d->level) {
        const struct dfs_node *done = &d->nodes[d->at];

        d->weight_done += done->length - floor_of(done);
        d->at++;
    }
    if (d->at < d->level_end)
        return true;
    if (d->level_end == d->count)
        return false;
    d->level++;
    d->level_end = d->count;
    d->weight = d->weight_next;
    d->weight_done = d->weight_next = 0;
    return true;
}

int dfs_next(struct dfs *d, struct source *s)
{
    int rc = 0;

    if (!d->started) {
        source_follow(s, 0);
        return 1;
    }
    if (d->level) {
        if (d->switches < d->limit)
            d->prefix = s->count;
        rc = step_back_owned(d, s);
    }
    while (rc == 0 && next_node(d))
        rc = enter(d, s);
    if (rc > 0)
        source_follow(s, d->prefix);
    return rc;
}

/* The root: remembered unless nothing can follow it. */
static int root_ran(struct dfs *d, const struct source *s)
{
    d->started = true;
    if (s->count == 0)
        return 0;
    d->cut = d->bound == 0;
    return d->bound ? remember(d, (struct dfs_node){.length = s->count}) : 0;
}

int dfs_ran(struct dfs *d, const struct source *s)
{
    if (!d->started)
        return root_ran(d, s);
    if (d->switches < d->limit || s->count == d->prefix)
        return 0;
    if (d->switches == d->bound) {
        d->cut = true;
        return 0;
    }
    return remember(
        d, (struct dfs_node){
               .step = s->steps[d->prefix - 1], .parent = (uint32_t)d->at, .index = d->prefix - 1, .length = s->count});
}

/* Depth first: the share of the subtree before the current path, if every alternative weighed the same. */
static double subtree_fraction(const struct dfs *d, const struct source *s)
{
    double share = 1, done = 0;

    for (uint32_t i = d->floor; i < d->prefix && i < s->count; i++) {
        double n = step_n(s->steps[i]);

        if (n < 2)
            break;
        done += share * step_pick(s->steps[i]) / n;
        share /= n;
    }
    return done;
}

double dfs_fraction(const struct dfs *d, const struct source *s)
{
    if (!d->level || d->at >= d->level_end || d->weight <= 0)
        return d->started ? 1 : 0;
    const struct dfs_node *node = &d->nodes[d->at];
    double                 width = node->length - d->floor;
    double                 within = d->deep ? subtree_fraction(d, s) : (node->length - d->prefix) / width;

    return (d->weight_done + within * width) / d->weight;
}
