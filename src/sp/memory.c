/* SPDX-License-Identifier: MIT */
/*
 * sp/memory.c - memory that a miniport asks the port for, and what of it is left when the adapter goes.
 *
 * Each piece has a struct sp_block in a list of the adapter: a foreign pointer, one that was freed already and one that is
 * left over are known by that. Bus memory comes from the device's memory model, with bus addresses; an adapter without a
 * model has pool, whose addresses stand for themselves.
 */
#include "sp/priv.h"

#include <string.h>

uint64_t sp_bus_address(const struct sp_adapter *a, const void *p, uint64_t *run)
{
    struct device_memory *m = a->cfg.memory;
    uint64_t              all;

    if (m)
        return m->address(m, p, run ? run : &all);
    if (run)
        *run = PAGE_SIZE - ((uintptr_t)p & (PAGE_SIZE - 1));
    return (uint64_t)(uintptr_t)p;
}

/* ---- blocks ---- */

static struct sp_block *find_locked(struct sp_adapter *a, const void *p, enum sp_block_kind kind)
{
    for (struct list *l = a->more.blocks.next; l != &a->more.blocks; l = l->next) {
        struct sp_block *b = container_of(l, struct sp_block, link);

        if (b->p == p && b->kind == kind)
            return b;
    }
    return NULL;
}

static struct sp_block *find(struct sp_adapter *a, const void *p, enum sp_block_kind kind)
{
    unsigned         old = sp_lock(a);
    struct sp_block *b = find_locked(a, p, kind);

    sp_unlock(a, old);
    return b;
}

static bool note(struct sp_adapter *a, const struct sp_block *what)
{
    struct sp_block *b = ke_object_alloc(sizeof *b);

    if (!b)
        return false;
    *b = *what;
    unsigned old = sp_lock(a);

    list_add_tail(&a->more.blocks, &b->link);
    sp_unlock(a, old);
    return true;
}

/* False: there is none. *was: what it was. */
static bool forget(struct sp_adapter *a, const void *p, enum sp_block_kind kind, struct sp_block *was)
{
    unsigned         old = sp_lock(a);
    struct sp_block *b = find_locked(a, p, kind);

    if (b)
        list_del(&b->link);
    sp_unlock(a, old);
    if (!b)
        return false;
    *was = *b;
    ke_object_free(b, sizeof *b);
    return true;
}

/* STX-002: a variable of the device extension whose block is still there. Elsewhere an old value proves nothing. */
static void check_variable(struct sp_adapter *a, PVOID *out, const void *caller)
{
    uintptr_t at = (uintptr_t)out, from = (uintptr_t)a->extension;

    if (at < from || at + sizeof *out > from + a->driver->hw.DeviceExtensionSize)
        return;
    if (find(a, *out, SP_BLOCK_POOL) || find(a, *out, SP_BLOCK_CONTIGUOUS))
        sp_warn("DT-S19", out, caller, "memory is allocated into a variable that still owns %p", *out);
}

/* ---- pool ---- */

ULONG sp_pool_allocate(struct sp_adapter *a, ULONG bytes, ULONG tag, PVOID *out, const void *caller)
{
    check_variable(a, out, caller);
    void *p = ex_pool_alloc(EX_POOL_NX, bytes, tag, caller);

    *out = NULL;
    if (!p)
        return STOR_STATUS_INSUFFICIENT_RESOURCES;
    if (!note(a, &(struct sp_block){.kind = SP_BLOCK_POOL, .p = p, .bytes = bytes, .tag = tag, .caller = caller})) {
        ex_pool_free(p, 0, caller);
        return STOR_STATUS_INSUFFICIENT_RESOURCES;
    }
    *out = p;
    return STOR_STATUS_SUCCESS;
}

static void not_ours(const struct sp_adapter *a, const void *p, const char *routine, const void *caller)
{
    (void)a;
    sp_stop("DT-S19", p, caller, "%s is given %p, which is not allocated, or freed already", routine, p);
}

/* STX-003. */
ULONG sp_pool_release(struct sp_adapter *a, PVOID p, const void *caller)
{
    struct sp_block b;

    if (!forget(a, p, SP_BLOCK_POOL, &b)) {
        not_ours(a, p, "StorPortFreePool", caller);
        return STOR_STATUS_INVALID_PARAMETER;
    }
    ex_pool_free(p, 0, caller);
    return STOR_STATUS_SUCCESS;
}

/* ---- contiguous memory ---- */

static size_t whole_pages(size_t bytes)
{
    return (bytes + PAGE_SIZE - 1) & ~(size_t)(PAGE_SIZE - 1);
}

static void *bus_alloc(struct sp_adapter *a, size_t bytes, const struct sp_place *place, const void *caller)
{
    struct device_memory *m = a->cfg.memory;

    if (ex_pool_fault())
        return NULL;
    if (m)
        return m->alloc(m, whole_pages(bytes), PAGE_SIZE, place->lowest, place->highest, place->boundary);
    return ex_pool_alloc(EX_POOL_NX | EX_POOL_ZERO | EX_POOL_NO_FAULT, whole_pages(bytes), SP_TAG, caller);
}

static void bus_free(struct sp_adapter *a, void *p, size_t bytes)
{
    if (a->cfg.memory)
        a->cfg.memory->free(a->cfg.memory, p, whole_pages(bytes));
    else
        ex_pool_free(p, 0, NULL);
}

ULONG sp_contiguous_allocate(
    struct sp_adapter *a, size_t bytes, const struct sp_place *place, PVOID *out, const void *caller)
{
    check_variable(a, out, caller);
    *out = NULL;
    void           *p = bus_alloc(a, bytes, place, caller);
    struct sp_block b = {.kind = SP_BLOCK_CONTIGUOUS, .p = p, .bytes = bytes, .tag = place->cache, .caller = caller};

    if (!p)
        return STOR_STATUS_INSUFFICIENT_RESOURCES;
    if (!note(a, &b)) {
        bus_free(a, p, bytes);
        return STOR_STATUS_INSUFFICIENT_RESOURCES;
    }
    *out = p;
    return STOR_STATUS_SUCCESS;
}

/* STX-004: it must be called what it was called when it was made. */
ULONG sp_contiguous_release(struct sp_adapter *a, PVOID p, size_t bytes, ULONG cache, const void *caller)
{
    struct sp_block b;

    if (!forget(a, p, SP_BLOCK_CONTIGUOUS, &b)) {
        not_ours(a, p, "the routine", caller);
        return STOR_STATUS_INVALID_PARAMETER;
    }
    if (b.bytes != bytes || b.tag != cache)
        sp_stop("DT-S19", p, caller, "%zu bytes of cache type %u are freed that were allocated as %zu of type %u",
            bytes, (unsigned)cache, b.bytes, (unsigned)b.tag);
    bus_free(a, p, b.bytes);
    return STOR_STATUS_SUCCESS;
}

/* ---- host memory buffers ---- */

/* As much as there is in one piece, at most `bytes`, at least a page. *got: how much. */
static void *largest(struct sp_adapter *a, size_t bytes, const struct sp_place *place, size_t *got, const void *caller)
{
    for (; bytes >= PAGE_SIZE; bytes = bytes / 2 & ~(size_t)(PAGE_SIZE - 1)) {
        void *p = bus_alloc(a, bytes, place, caller);

        *got = bytes;
        if (p)
            return p;
    }
    return NULL;
}

static void host_buffer_undo(struct sp_adapter *a, PACCESS_RANGE ranges, ULONG count)
{
    sp_host_buffer_release(a, ranges, count);
    memset(ranges, 0, count * sizeof *ranges);
}

/* STX-006: as few ranges as possible; less than is preferred, but not less than the least. */
ULONG sp_host_buffer_allocate(struct sp_adapter *a, size_t least, size_t preferred, const struct sp_place *place,
    PACCESS_RANGE ranges, PULONG count, const void *caller)
{
    size_t have = 0, got = 0;
    ULONG  n = 0;

    while (have < preferred && n < *count) {
        void           *p = largest(a, preferred - have, place, &got, caller);
        struct sp_block b = {.kind = SP_BLOCK_HOST_BUFFER, .p = p, .bytes = got, .caller = caller};

        if (!p)
            break;
        if (!note(a, &b)) {
            bus_free(a, p, got);
            break;
        }
        ranges[n++] = (ACCESS_RANGE){.RangeStart.QuadPart = (LONGLONG)sp_bus_address(a, p, NULL),
            .RangeLength = (ULONG)got,
            .RangeInMemory = TRUE};
        have += got;
    }
    if (have < least || have == 0) {
        host_buffer_undo(a, ranges, n);
        return STOR_STATUS_INSUFFICIENT_RESOURCES;
    }
    *count = n;
    return STOR_STATUS_SUCCESS;
}

static void *host_buffer_at(struct sp_adapter *a, uint64_t address)
{
    unsigned old = sp_lock(a);
    void    *p = NULL;

    for (struct list *l = a->more.blocks.next; l != &a->more.blocks && !p; l = l->next) {
        struct sp_block *b = container_of(l, struct sp_block, link);

        if (b->kind == SP_BLOCK_HOST_BUFFER && sp_bus_address(a, b->p, NULL) == address)
            p = b->p;
    }
    sp_unlock(a, old);
    return p;
}

ULONG sp_host_buffer_release(struct sp_adapter *a, const ACCESS_RANGE *ranges, ULONG count)
{
    struct sp_block b;

    for (ULONG i = 0; i < count; i++) {
        void *p = host_buffer_at(a, (uint64_t)ranges[i].RangeStart.QuadPart);

        if (!p || !forget(a, p, SP_BLOCK_HOST_BUFFER, &b))
            return STOR_STATUS_UNSUCCESSFUL;
        bus_free(a, p, b.bytes);
    }
    return STOR_STATUS_SUCCESS;
}

/* ---- MDLs ---- */

ULONG sp_mdl_allocate(struct sp_adapter *a, PVOID p, ULONG bytes, PVOID *mdl, const void *caller)
{
    PMDL m = ex_pool_fault() ? NULL : io_mdl_alloc(p, bytes);

    *mdl = NULL;
    if (!m)
        return STOR_STATUS_INSUFFICIENT_RESOURCES;
    if (!note(a, &(struct sp_block){.kind = SP_BLOCK_MDL, .p = m, .bytes = bytes, .caller = caller})) {
        io_mdl_free(m);
        return STOR_STATUS_INSUFFICIENT_RESOURCES;
    }
    *mdl = m;
    return STOR_STATUS_SUCCESS;
}

bool sp_mdl_is(struct sp_adapter *a, PVOID mdl)
{
    return find(a, mdl, SP_BLOCK_MDL) != NULL;
}

ULONG sp_mdl_release(struct sp_adapter *a, PVOID mdl, const void *caller)
{
    struct sp_block b;

    if (!forget(a, mdl, SP_BLOCK_MDL, &b)) {
        not_ours(a, mdl, "StorPortFreeMdl", caller);
        return STOR_STATUS_INVALID_PARAMETER;
    }
    io_mdl_free(mdl);
    return STOR_STATUS_SUCCESS;
}

/* ---- spin locks ---- */

bool sp_spin_note(struct sp_adapter *a, PVOID lock)
{
    return find(a, lock, SP_BLOCK_LOCK) || note(a, &(struct sp_block){.kind = SP_BLOCK_LOCK, .p = lock});
}

bool sp_spin_is(struct sp_adapter *a, const void *lock)
{
    return find(a, lock, SP_BLOCK_LOCK) != NULL;
}

/* ---- addresses ---- */

static bool within(const void *p, const void *start, size_t bytes)
{
    return start && (uintptr_t)p >= (uintptr_t)start && (uintptr_t)p < (uintptr_t)start + bytes;
}

static bool in_block_locked(struct sp_adapter *a, const void *p)
{
    for (struct list *l = a->more.blocks.next; l != &a->more.blocks; l = l->next) {
        struct sp_block *b = container_of(l, struct sp_block, link);

        if (b->kind < SP_BLOCK_MDL && within(p, b->p, b->bytes))
            return true;
    }
    return false;
}

static bool in_slot_locked(const struct sp_adapter *a, const void *p)
{
    for (unsigned i = 0; i < a->n_slots; i++)
        if (within(p, a->slots[i]->srb, a->slots[i]->bytes))
            return true;
    return false;
}

/* STS-056: uncached extension, SRB extension, memory of StorPort's allocators, the device extension. */
bool sp_is_common(struct sp_adapter *a, const void *p)
{
    if (within(p, a->control.uncached, a->control.uncached_bytes) ||
        within(p, a->extension, a->driver->hw.DeviceExtensionSize))
        return true;
    unsigned old = sp_lock(a);
    bool     known = in_slot_locked(a, p) || in_block_locked(a, p);

    sp_unlock(a, old);
    return known;
}

/* ---- the end ---- */

static const char *const kind_names[] = {"pool", "contiguous memory", "a host memory buffer", "an MDL", "a spin lock"};

static void take_back(struct sp_adapter *a, struct sp_block *b)
{
    if (b->kind != SP_BLOCK_LOCK)
        sp_warn("DT-S19", b->p, b->caller, "%zu bytes of %s, tag '%.4s', are left when the adapter is removed",
            b->bytes, kind_names[b->kind], b->kind == SP_BLOCK_POOL ? (const char *)&b->tag : "none");
    if (b->kind == SP_BLOCK_POOL)
        ex_pool_free(b->p, 0, NULL);
    else if (b->kind == SP_BLOCK_MDL)
        io_mdl_free(b->p);
    else if (b->kind != SP_BLOCK_LOCK)
        bus_free(a, b->p, b->bytes);
}

static void blocks_fini(struct sp_adapter *a)
{
    while (!list_empty(&a->more.blocks)) {
        struct sp_block *b = container_of(list_pop(&a->more.blocks), struct sp_block, link);

        take_back(a, b);
        ke_object_free(b, sizeof *b);
    }
}

void sp_more_fini(struct sp_adapter *a)
{
    sp_workers_fini(a);
    sp_built_fini(a);
    blocks_fini(a);
}
