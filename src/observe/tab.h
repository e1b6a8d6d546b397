/* SPDX-License-Identifier: MIT */
/*
 * observe/tab.h - table of small records keyed by an address, made to be emptied 300,000 times a second.
 *
 * The records lie dense in one array, so that "is any live entry inside [p, p + n)?" visits live entries only.
 * An open-addressing index finds one by key; its cells carry the generation of the run they were written in, so
 * tab_reset() costs two stores. A full table doubles (tab.c); only when that fails is a record refused, which is
 * counted in `refused` for the owner to say so.
 *
 * A record is a struct whose first member is `const void *key`. A pointer to a record is good until the next
 * tab_get() or tab_remove() on the same table. No locking: the owner's lock protects it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tab_cell {
    uint32_t generation; /* in use when equal to the table's */
    uint32_t record;
};

struct tab {
    char            *records;
    struct tab_cell *cells;
    uint32_t         count, capacity;
    uint32_t         shift;      /* 64 - log2(number of cells); cells are twice the capacity */
    uint32_t         generation; /* never 0 */
    uint32_t         record_bytes;
    uint32_t         refused; /* records that did not fit since the last reset */
};

/* capacity: a power of two. False: out of memory. */
bool tab_open(struct tab *t, uint32_t record_bytes, uint32_t capacity);
void tab_close(struct tab *t);

/* Empties the table. */
void tab_reset(struct tab *t);

/* The slow half of tab_get(). NULL: cannot grow. */
void *tab_add(struct tab *t, const void *key);

/* rec is in the table. Moves the last record into its place. */
void tab_remove(struct tab *t, void *rec);

static inline uint32_t tab_mask(const struct tab *t)
{
    return 2 * t->capacity - 1;
}

static inline uint32_t tab_hash(const struct tab *t, const void *key)
{
    return (uint32_t)((((uintptr_t)key >> 3) * 0x9e3779b97f4a7c15u) >> t->shift);
}

static inline void *tab_at(const struct tab *t, uint32_t i)
{
    return t->records + (size_t)i * t->record_bytes;
}

static inline void *tab_find(const struct tab *t, const void *key)
{
    for (uint32_t i = tab_hash(t, key); t->cells[i].generation == t->generation; i = (i + 1) & tab_mask(t)) {
        void *rec = tab_at(t, t->cells[i].record);

        if (*(const void **)rec == key)
            return rec;
    }
    return NULL;
}

/* Finds the record or adds a zeroed one. NULL: refused. */
static inline void *tab_get(struct tab *t, const void *key)
{
    void *rec = tab_find(t, key);

    return rec ? rec : tab_add(t, key);
}

/* Visits the live records from the last to the first, so that the body may remove the current one. */
#define tab_for_each(T, rec, t)                         \
    for (uint32_t rec##_i = (t)->count; rec##_i-- > 0;) \
        for (T *rec = tab_at((t), rec##_i); rec; rec = NULL)
