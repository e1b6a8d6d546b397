/* SPDX-License-Identifier: MIT */
/*
 * sp/slot.c - memory of requests as the miniport sees it: SRB, SRB extension, sense buffer.
 *
 * Each issue of a request has a slot to itself, so that a request tried again after SRB_STATUS_BUSY comes with another
 * extension (STQ-040). From RequestComplete on a slot holds a pattern in which every pointer is non-canonical: a miniport
 * that goes on reading follows one of those, one that goes on writing is noticed when the slot is taken again, which is
 * as late as possible (first in, first out), or when the adapter goes.
 */
#include <string.h>

#include "sp/priv.h"

enum { SRB_BYTES = 512, ALIGN = 64, SLOTS_MIN = 4, SLOTS_FIRST = 16 };

static size_t extension_bytes(const struct sp_adapter *a)
{
    return (a->srb_extension_bytes + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

static void *block_of(const struct sp_slot *s)
{
    return s->srb;
}

/* ---- all slots of an adapter ---- */

static bool grow_table(struct sp_adapter *a)
{
    unsigned         room = a->slots_room ? 2 * a->slots_room : SLOTS_FIRST;
    struct sp_slot **table = ex_pool_alloc(EX_POOL_NX, room * sizeof *table, SP_TAG, NULL), **before = a->slots;

    if (!table)
        return false;
    unsigned old = sp_lock(a);

    if (a->n_slots)
        memcpy(table, before, a->n_slots * sizeof *table);
    a->slots = table;
    a->slots_room = room;
    sp_unlock(a, old);
    if (before)
        ex_pool_free(before, 0, NULL);
    return true;
}

static void *block_alloc(struct sp_adapter *a, size_t bytes)
{
    if (a->cfg.memory)
        return a->cfg.memory->alloc(a->cfg.memory, bytes, ALIGN, a->bus_lowest, a->bus_highest, 0);
    return ex_pool_alloc(EX_POOL_NX | EX_POOL_CACHE_ALIGNED, bytes, SP_TAG, NULL);
}

static void block_free(struct sp_adapter *a, struct sp_slot *s)
{
    if (a->cfg.memory)
        a->cfg.memory->free(a->cfg.memory, block_of(s), s->bytes);
    else
        ex_pool_free(block_of(s), 0, NULL);
}

static void poison(struct sp_slot *s, int pattern)
{
    memset(block_of(s), pattern, s->bytes);
    ev(EV_STOR_MEMORY, block_of(s), s->bytes, pattern == EX_POOL_FILL_NEW, (uintptr_t)s->a->extension);
}

/* Adapters grow one at a time; IRQL <= 2. */
static bool add_slot(struct sp_adapter *a)
{
    size_t          bytes = SRB_BYTES + SP_SENSE_MAX + 1 + extension_bytes(a);
    struct sp_slot *s = ke_object_alloc(sizeof *s);

    if (!s || (a->n_slots == a->slots_room && !grow_table(a)))
        return false;
    *s = (struct sp_slot){.a = a, .bytes = bytes, .srb = block_alloc(a, bytes)};
    if (!s->srb)
        return false;
    s->sense = (char *)s->srb + SRB_BYTES;
    s->extension = a->srb_extension_bytes ? (char *)s->sense + SP_SENSE_MAX + 1 : NULL;
    poison(s, EX_POOL_FILL_FREED);
    unsigned old = sp_lock(a);

    s->index = a->n_slots;
    a->slots[a->n_slots++] = s;
    list_add_tail(&a->slots_free, &s->link);
    sp_unlock(a, old);
    return true;
}

bool sp_slots_init(struct sp_adapter *a)
{
    list_init(&a->slots_free);
    for (unsigned i = 0; i < SLOTS_MIN; i++)
        if (!add_slot(a))
            return false;
    return true;
}

static void check_pattern(const struct sp_slot *s)
{
    const unsigned char *p = block_of(s);

    /* The pattern repeats itself: comparing it with itself, one byte further on, looks at every byte. */
    if (p[0] != EX_POOL_FILL_FREED || memcmp(p, p + 1, s->bytes - 1) != 0)
        sp_stop("DT-S09", p, s->completed_by, "an SRB, its extension or its sense buffer was written after completion");
}

void sp_slots_fini(struct sp_adapter *a)
{
    for (unsigned i = 0; i < a->n_slots; i++) {
        struct sp_slot *s = a->slots[i];

        if (s->state == SP_SLOT_FREE)
            check_pattern(s);
        sp_lists_fini(s);
        block_free(a, s);
        ke_object_free(s, sizeof *s);
    }
    if (a->slots)
        ex_pool_free(a->slots, 0, NULL);
    a->slots = NULL;
    a->n_slots = a->slots_room = 0;
}

/* ---- one request ---- */

/* There is always one more slot than in use, so that a lack of memory shows before it hurts. */
bool sp_slot_reserve(struct sp_adapter *a)
{
    unsigned old = sp_lock(a);
    bool     free = !list_empty(&a->slots_free);

    sp_unlock(a, old);
    return free || add_slot(a);
}

/* lock held; NULL: sp_slot_reserve() first */
struct sp_slot *sp_slot_take_locked(struct sp_adapter *a, struct sp_request *r)
{
    struct list *l = list_pop(&a->slots_free);

    if (!l)
        return NULL;
    struct sp_slot *s = container_of(l, struct sp_slot, link);

    s->state = SP_SLOT_PORT;
    s->r = r;
    s->issue++;
    r->slot = s;
    return s;
}

/* Before BuildIo or StartIo: the SRB as it is to be seen. lock not held, the slot is the caller's. */
void sp_slot_fill(struct sp_slot *s)
{
    check_pattern(s);
    poison(s, EX_POOL_FILL_NEW);
    sp_lists_begin(s);
    sp_srb_fill(s);
}

/* The miniport has given it back. Any IRQL; lock held. */
void sp_slot_poison_locked(struct sp_slot *s)
{
    s->state = SP_SLOT_PORT;
    poison(s, EX_POOL_FILL_FREED);
}

/* IRQL <= 2; lock held. */
void sp_slot_free_locked(struct sp_slot *s)
{
    s->state = SP_SLOT_FREE;
    s->r = NULL;
    list_add_tail(&s->a->slots_free, &s->link);
}

/* lock held. NULL: no SRB of this adapter. */
struct sp_slot *sp_slot_find_locked(struct sp_adapter *a, const void *srb)
{
    for (unsigned i = 0; i < a->n_slots; i++)
        if (a->slots[i]->srb == srb)
            return a->slots[i];
    return NULL;
}
