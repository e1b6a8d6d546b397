/* SPDX-License-Identifier: MIT */
#include "observe/tab.h"

#include <stdlib.h>
#include <string.h>

static uint32_t log2_of(uint32_t power)
{
    return 31 - (uint32_t)__builtin_clz(power);
}

bool tab_open(struct tab *t, uint32_t record_bytes, uint32_t capacity)
{
    *t = (struct tab){.capacity = capacity, .record_bytes = record_bytes, .generation = 1};
    t->shift = 64 - log2_of(2 * capacity);
    t->records = malloc((size_t)capacity * record_bytes);
    t->cells = calloc(2 * (size_t)capacity, sizeof *t->cells);
    if (t->records && t->cells)
        return true;
    tab_close(t);
    return false;
}

void tab_close(struct tab *t)
{
    free(t->records);
    free(t->cells);
    *t = (struct tab){0};
}

void tab_reset(struct tab *t)
{
    t->count = t->refused = 0;
    if (++t->generation == 0) { /* once in 2^32 runs old cells could look like new ones */
        memset(t->cells, 0, 2 * (size_t)t->capacity * sizeof *t->cells);
        t->generation = 1;
    }
}

static void link_record(struct tab *t, uint32_t record)
{
    uint32_t i = tab_hash(t, *(const void **)tab_at(t, record));

    while (t->cells[i].generation == t->generation) /* ends: at most half of the cells are in use */
        i = (i + 1) & tab_mask(t);
    t->cells[i] = (struct tab_cell){t->generation, record};
}

static bool grow(struct tab *t)
{
    struct tab bigger;

    if (t->capacity >= 1u << 28 || !tab_open(&bigger, t->record_bytes, 2 * t->capacity))
        return false;
    memcpy(bigger.records, t->records, (size_t)t->count * t->record_bytes);
    bigger.count = t->count;
    bigger.refused = t->refused;
    for (uint32_t r = 0; r < t->count; r++)
        link_record(&bigger, r);
    tab_close(t);
    *t = bigger;
    return true;
}

void *tab_add(struct tab *t, const void *key)
{
    if (t->count == t->capacity && !grow(t)) {
        t->refused++;
        return NULL;
    }
    void *rec = tab_at(t, t->count);

    memset(rec, 0, t->record_bytes);
    *(const void **)rec = key;
    link_record(t, t->count++);
    return rec;
}

static uint32_t cell_of(const struct tab *t, uint32_t record)
{
    uint32_t i = tab_hash(t, *(const void **)tab_at(t, record));

    while (t->cells[i].record != record || t->cells[i].generation != t->generation)
        i = (i + 1) & tab_mask(t); /* ends: every record has a cell */
    return i;
}

/* Closes the gap at cell i, so that no probe sequence is cut: later cells move back unless that would put them
 * before their home. */
static void unlink_cell(struct tab *t, uint32_t i)
{
    uint32_t mask = tab_mask(t);

    for (uint32_t j = (i + 1) & mask; t->cells[j].generation == t->generation; j = (j + 1) & mask) {
        uint32_t home = tab_hash(t, *(const void **)tab_at(t, t->cells[j].record));

        if (((j - home) & mask) >= ((j - i) & mask)) {
            t->cells[i] = t->cells[j];
            i = j;
        }
    }
    t->cells[i].generation = t->generation - 1;
}

void tab_remove(struct tab *t, void *rec)
{
    uint32_t record = (uint32_t)(((char *)rec - t->records) / t->record_bytes), last = t->count - 1;

    unlink_cell(t, cell_of(t, record));
    if (record != last) {
        t->cells[cell_of(t, last)].record = record;
        memcpy(rec, tab_at(t, last), t->record_bytes);
    }
    t->count--;
}
