/* SPDX-License-Identifier: MIT */
/* sp/lun.c - logical units: made when the bus scan asks for them, gone when it does not find them any more. */
#include "sp/priv.h"

static unsigned key(unsigned path, unsigned target, unsigned lun)
{
    return path << 16 | target << 8 | lun;
}

static unsigned key_of(const struct sp_lun *u)
{
    return key(u->path, u->target, u->lun);
}

static struct sp_lun *unit(struct list *l)
{
    return container_of(l, struct sp_lun, link);
}

struct sp_lun *sp_lun_find_locked(struct sp_adapter *a, unsigned path, unsigned target, unsigned lun)
{
    for (struct list *l = a->units.next; l != &a->units; l = l->next)
        if (key_of(unit(l)) == key(path, target, lun))
            return unit(l);
    return NULL;
}

struct sp_lun *sp_unit_find(struct sp_adapter *a, unsigned path, unsigned target, unsigned lun)
{
    unsigned       old = sp_lock(a);
    struct sp_lun *u = sp_lun_find_locked(a, path, target, lun);

    sp_unlock(a, old);
    return u;
}

static struct sp_lun *make(struct sp_adapter *a, unsigned path, unsigned target, unsigned lun)
{
    ULONG          bytes = a->unit_extension_bytes;
    struct sp_lun *u = ex_pool_alloc(EX_POOL_NX | EX_POOL_ZERO, sizeof *u, SP_TAG, NULL);

    if (!u)
        return NULL;
    if (bytes)
        u->extension = ex_pool_alloc(EX_POOL_NX | EX_POOL_ZERO, bytes, SP_TAG, NULL); /* STS-017 */
    u->a = a;
    u->path = (UCHAR)path;
    u->target = (UCHAR)target;
    u->lun = (UCHAR)lun;
    u->depth = a->initial_depth;
    u->info.path = u->path;
    u->info.target = u->target;
    u->info.lun = u->lun;
    list_init(&u->queue);
    list_init(&u->built);
    list_init(&u->active);
    sp_gate_timer_init(&u->pause, a, u, SP_GATE_PAUSED);
    sp_gate_timer_init(&u->retry, a, u, SP_GATE_RETRY);
    return u;
}

/* The one there is, or a new one. NULL: no memory. IRQL <= 2. */
struct sp_lun *sp_lun_make(struct sp_adapter *a, unsigned path, unsigned target, unsigned lun)
{
    struct sp_lun *u = sp_unit_find(a, path, target, lun);

    if (u)
        return u;
    u = make(a, path, target, lun);
    if (!u)
        return NULL;
    unsigned     old = sp_lock(a);
    struct list *at = a->units.next;

    while (at != &a->units && key_of(unit(at)) < key_of(u))
        at = at->next;
    list_add_before(at, &u->link);
    a->n_units++;
    sp_unlock(a, old);
    return u;
}

/* Nothing is queued or outstanding for it any more. IRQL <= 2. */
void sp_lun_free(struct sp_lun *u)
{
    struct sp_adapter *a = u->a;

    sp_gate_timer_fini(&u->pause);
    sp_gate_timer_fini(&u->retry);
    if (u->device)
        io_device_delete(u->device);
    unsigned old = sp_lock(a);

    if (a->next_unit == u)
        a->next_unit = NULL;
    list_del(&u->link);
    a->n_units--;
    sp_unlock(a, old);
    if (u->extension)
        ex_pool_free(u->extension, 0, NULL);
    ex_pool_free(u, 0, NULL);
}

void sp_luns_fini(struct sp_adapter *a)
{
    while (!list_empty(&a->units))
        sp_lun_free(unit(a->units.next));
}

/* ---- for hosts ---- */

static bool visible(const struct sp_lun *u)
{
    return u->found && !u->gone && !u->hidden;
}

unsigned sp_unit_count(struct sp_adapter *a)
{
    unsigned n = 0, old = sp_lock(a);

    for (struct list *l = a->units.next; l != &a->units; l = l->next)
        n += visible(unit(l));
    sp_unlock(a, old);
    return n;
}

struct sp_lun *sp_unit_at(struct sp_adapter *a, unsigned n)
{
    struct sp_lun *u = NULL;
    unsigned       old = sp_lock(a);

    for (struct list *l = a->units.next; l != &a->units && !u; l = l->next)
        if (visible(unit(l)) && n-- == 0)
            u = unit(l);
    sp_unlock(a, old);
    return u;
}

void sp_unit_info(struct sp_lun *u, struct sp_unit_info *info)
{
    unsigned old = sp_lock(u->a);

    *info = u->info;
    info->max_transfer = u->a->max_transfer;
    info->depth = u->depth;
    info->outstanding = u->outstanding;
    info->queued = u->queued;
    sp_unlock(u->a, old);
}
