/* SPDX-License-Identifier: MIT */
/* ke/timerq_order.h - how the timers of a queue are linked, numbered, compared and sorted. For timerq.c alone. */
#pragma once

#include <stddef.h>
#include <string.h>

#include "ke/timerq.h"

/* ---- lists and timers ---- */

static inline void list_reset(LIST_ENTRY *head)
{
    head->Flink = head->Blink = head;
}

static inline bool list_is_empty(const LIST_ENTRY *head)
{
    return head->Flink == head;
}

static inline void list_insert_after(LIST_ENTRY *at, LIST_ENTRY *e)
{
    LIST_ENTRY *next = at->Flink;

    e->Flink = next;
    e->Blink = at;
    next->Blink = e;
    at->Flink = e;
}

/* At the tail; the order of the stores keeps the compiler from packing two into a vector first. */
static inline void list_append(LIST_ENTRY *head, LIST_ENTRY *e)
{
    LIST_ENTRY *prev = head->Blink;

    e->Blink = prev;
    prev->Flink = e;
    e->Flink = head;
    head->Blink = e;
}

static inline void list_unlink(LIST_ENTRY *e)
{
    LIST_ENTRY *next = e->Flink, *prev = e->Blink;

    prev->Flink = next;
    next->Blink = prev;
}

static inline PKTIMER timer_of(const LIST_ENTRY *e)
{
    return (PKTIMER)((char *)e - offsetof(KTIMER, TimerListEntry));
}

static inline uint64_t due_of(const LIST_ENTRY *e)
{
    return timer_of(e)->DueTime.QuadPart;
}

static inline void stamp(PKTIMER t, uint32_t sequence)
{
    uint32_t number = (sequence | KE_TIMERQ_INSERTED << 24) & 0x7fffffff;
    uint16_t high = (uint16_t)(number >> 16);

    t->TimerType = (USHORT)number;
    memcpy((char *)&t->Header + offsetof(DISPATCHER_HEADER, Hand), &high,
        sizeof high); /* and TimerMiscFlags, in one store */
}

static inline uint32_t sequence_of(const KTIMER *t)
{
    return t->TimerType | (uint32_t)t->Header.Hand << 16 | (uint32_t)t->Header.TimerMiscFlags << 24;
}

/* Whether a comes out before b. The shift drops the two bits of TimerMiscFlags that are not of the number. */
static inline bool before(const LIST_ENTRY *a, const LIST_ENTRY *b)
{
    uint64_t da = due_of(a), db = due_of(b);

    if (da != db)
        return da < db;
    return (int32_t)((sequence_of(timer_of(a)) - sequence_of(timer_of(b))) << 2) < 0;
}

/* ---- sorting: a few timers by keys ---- */

enum { SEQUENCE_BITS = 30, ORDERED_MAX = 32 };

/* Grows with the order of setting, over the last 2^30 sets. now: the number that the next set will have. */
static inline uint64_t age_key(const KTIMER *t, uint32_t now)
{
    return (sequence_of(t) - now) & ((1u << SEQUENCE_BITS) - 1);
}

/* The first ORDERED_MAX of count timers; sorted: each key is greater than the one before. */
struct ordered {
    unsigned    count;
    bool        sorted;
    uint64_t    last, key[ORDERED_MAX];
    LIST_ENTRY *entry[ORDERED_MAX];
};

static inline void ordered_add(struct ordered *a, LIST_ENTRY *e, uint64_t key)
{
    if (a->count < ORDERED_MAX) {
        a->key[a->count] = key;
        a->entry[a->count] = e;
    }
    a->sorted &= a->count == 0 || key > a->last;
    a->last = key;
    a->count++;
}

/* Links the timers by their keys, which are all different. Counts for each how many go before it: no branch to guess. */
static inline void ordered_link(const struct ordered *a, LIST_ENTRY **first, LIST_ENTRY **last)
{
    unsigned    rank[ORDERED_MAX] = {0};
    LIST_ENTRY *by_rank[ORDERED_MAX];

    for (unsigned i = 1; i < a->count; i++) {
        uint64_t key = a->key[i];
        unsigned less = 0;

        for (unsigned j = 0; j < i; j++) {
            unsigned after = key > a->key[j];

            less += after;
            rank[j] += !after;
        }
        rank[i] = less;
    }
    for (unsigned i = 0; i < a->count; i++)
        by_rank[rank[i]] = a->entry[i];
    for (unsigned i = 1; i < a->count; i++) {
        by_rank[i - 1]->Flink = by_rank[i];
        by_rank[i]->Blink = by_rank[i - 1];
    }
    *first = by_rank[0];
    *last = by_rank[a->count - 1];
}

/* ---- sorting: chains ---- */

enum { KE_TIMERQ_RUNS_MAX = 48 };

/* Chains end in NULL and use Flink only. */
static inline LIST_ENTRY *chain_merge(LIST_ENTRY *a, LIST_ENTRY *b)
{
    LIST_ENTRY *first = NULL, **link = &first;

    while (a != NULL && b != NULL) {
        LIST_ENTRY **lesser = before(b, a) ? &b : &a;

        *link = *lesser;
        link = &(*lesser)->Flink;
        *lesser = *link;
    }
    *link = a != NULL ? a : b;
    return first;
}

/* Cuts the longest sorted chain off the beginning of *rest. */
static inline LIST_ENTRY *chain_cut_run(LIST_ENTRY **rest)
{
    LIST_ENTRY *first = *rest, *last = first;

    while (last->Flink != NULL && before(last, last->Flink))
        last = last->Flink;
    *rest = last->Flink;
    last->Flink = NULL;
    return first;
}

/* Merges natural runs; run[i] is made of 2^i of them, so there are never more than KE_TIMERQ_RUNS_MAX. */
static inline LIST_ENTRY *chain_sort(LIST_ENTRY *chain)
{
    LIST_ENTRY *run[KE_TIMERQ_RUNS_MAX] = {NULL}, *all = NULL;

    while (chain != NULL) {
        LIST_ENTRY *r = chain_cut_run(&chain);
        unsigned    i = 0;

        for (; run[i] != NULL; i++) {
            r = chain_merge(run[i], r);
            run[i] = NULL;
        }
        run[i] = r;
    }
    for (unsigned i = 0; i < KE_TIMERQ_RUNS_MAX; i++)
        all = chain_merge(run[i], all);
    return all;
}
