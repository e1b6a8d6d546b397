/* SPDX-License-Identifier: MIT */
/*
 * sp/sgl.c - where a request's buffer lies: scatter/gather lists, MDLs, page frames.
 *
 * The list of a request is made before the miniport is called for the first time, since it may ask for it at DIRQL, where
 * nothing can be allocated; its memory stays with the slot. Elements are split where bus addresses are not contiguous and
 * merged where they are. A sum over the list tells at completion whether the miniport has changed it (STS-050).
 *
 * A miniport without 64-bit addresses gets none above 4 GB (STS-052): its device moves the data to or from a bounce buffer,
 * which is filled before the issue and copied back at completion.
 */
#include "sp/priv.h"

#include <string.h>

enum { ELEMENTS_FIRST = 4, WIDE_FLAGS = 0x0f /* SCSI_DMA64_MINIPORT_XXX */ };

static size_t list_bytes(unsigned elements)
{
    return sizeof(STOR_SCATTER_GATHER_LIST) + elements * sizeof(STOR_SCATTER_GATHER_ELEMENT);
}

/* ---- making one ---- */

/* Appends [address, address + bytes); false: no room. */
static bool append(PSTOR_SCATTER_GATHER_LIST list, unsigned room, uint64_t address, ULONG bytes)
{
    unsigned n = list->NumberOfElements;

    if (n) {
        PSTOR_SCATTER_GATHER_ELEMENT last = &list->List[n - 1];

        if ((uint64_t)last->PhysicalAddress.QuadPart + last->Length == address) {
            last->Length += bytes;
            return true;
        }
    }
    if (n == room)
        return false;
    list->List[n] = (STOR_SCATTER_GATHER_ELEMENT){.PhysicalAddress.QuadPart = (LONGLONG)address, .Length = bytes};
    list->NumberOfElements = n + 1;
    return true;
}

/* Elements that are needed, at most; a page may begin each. */
static unsigned pages_of(const void *p, size_t bytes)
{
    return (unsigned)((((uintptr_t)p & (PAGE_SIZE - 1)) + bytes + PAGE_SIZE - 1) / PAGE_SIZE);
}

/* False: more elements than there is room for. */
static bool fill(
    const struct sp_adapter *a, PSTOR_SCATTER_GATHER_LIST list, unsigned room, const void *data, size_t bytes)
{
    const char *p = data;

    list->NumberOfElements = 0;
    list->Reserved = 0;
    for (size_t n; bytes; p += n, bytes -= n) {
        uint64_t run = 0, address = sp_bus_address(a, p, &run);

        n = run && run < bytes ? run : bytes;
        if (!append(list, room, address, (ULONG)n))
            return false;
    }
    return true;
}

/* A hash (FNV-1a) of all that a miniport could change. */
static uint32_t sum_of(const STOR_SCATTER_GATHER_LIST *list)
{
    const unsigned char *p = (const unsigned char *)list;
    uint32_t             h = 2166136261u;

    for (size_t i = 0; i < list_bytes(list->NumberOfElements); i++)
        h = (h ^ p[i]) * 16777619u;
    return h;
}

/* ---- of a request ---- */

static bool room_for(struct sp_list *l, unsigned elements)
{
    if (l->room >= elements && l->list)
        return true;
    unsigned room = elements > ELEMENTS_FIRST ? elements : ELEMENTS_FIRST;
    void    *p = ex_pool_alloc(EX_POOL_NX | EX_POOL_ZERO, list_bytes(room), SP_TAG, NULL);

    if (!p)
        return false;
    if (l->list)
        ex_pool_free(l->list, 0, NULL);
    l->list = p;
    l->room = room;
    return true;
}

static bool reaches(const struct sp_adapter *a, const void *data, size_t bytes)
{
    const char *p = data;

    if (!a->cfg.memory || a->config->Dma64BitAddresses & WIDE_FLAGS)
        return true;
    for (uint64_t run = 0; bytes; p += run, bytes -= run) {
        uint64_t address = sp_bus_address(a, p, &run);

        run = run && run < bytes ? run : bytes;
        if (address + run > 1ull << 32)
            return false;
    }
    return true;
}

static void drop_bounce(const struct sp_adapter *a, struct sp_list *l)
{
    if (l->bounce)
        a->cfg.memory->free(a->cfg.memory, l->bounce, l->bounce_bytes);
    l->bounce = NULL;
}

static bool bounce(const struct sp_adapter *a, struct sp_list *l, const void *data, ULONG bytes)
{
    struct device_memory *m = a->cfg.memory;

    if (reaches(a, data, bytes))
        return true;
    l->bounce = m->alloc(m, bytes, PAGE_SIZE, 0, UINT32_MAX, 0);
    l->bounce_bytes = bytes;
    if (l->bounce)
        memcpy(l->bounce, data, bytes);
    return l->bounce;
}

static bool make(struct sp_adapter *a, struct sp_list *l, const void *data, ULONG bytes)
{
    l->valid = false;
    drop_bounce(a, l);       /* of the issue before */
    if (!data || bytes == 0) /* STS-053: without data there is none */
        return true;
    if (!bounce(a, l, data, bytes) || !room_for(l, pages_of(data, bytes)))
        return false;
    memset(l->list, 0, list_bytes(l->room));
    fill(a, l->list, l->room, l->bounce ? l->bounce : data, bytes);
    l->sum = sum_of(l->list);
    l->valid = true;
    return true;
}

static bool wants_lists(const struct sp_adapter *a)
{
    if (a->is_virtual && a->cfg.virtual_no_sgl) /* STV-026 */
        return false;
    return !(a->perf.Flags & STOR_PERF_NO_SGL); /* STL-130 */
}

static void free_mdls(struct sp_slot *s)
{
    for (int i = 0; i < 2; i++) {
        if (s->mdls[i])
            io_mdl_free(s->mdls[i]);
        s->mdls[i] = NULL;
    }
}

bool sp_lists_begin(struct sp_slot *s)
{
    struct sp_request *r = s->r;

    free_mdls(s); /* of the issue before: nobody may look at them any more */
    s->lists[0].valid = s->lists[1].valid = false;
    if (!wants_lists(s->a))
        return true;
    return make(s->a, &s->lists[0], r->data, r->bytes) && make(s->a, &s->lists[1], r->data_in, r->data_in_bytes);
}

/* What the device has written belongs into the client's buffer. */
static void copy_back(const struct sp_slot *s, int i)
{
    const struct sp_list *l = &s->lists[i];

    if (l->valid && l->bounce && (i == 1 || s->r->flags & SRB_FLAGS_DATA_IN))
        memcpy(i ? s->r->data_in : s->r->data, l->bounce, l->bounce_bytes);
}

const void *sp_list_place(const struct sp_slot *s, const void *p)
{
    const struct sp_list *l = &s->lists[0];

    return l->valid && l->bounce ? (const char *)l->bounce + ((const char *)p - (const char *)s->r->data) : p;
}

void sp_lists_end_locked(struct sp_slot *s, const void *caller)
{
    for (int i = 0; i < 2; i++) {
        struct sp_list *l = &s->lists[i];

        copy_back(s, i);
        if (l->valid && sum_of(l->list) != l->sum)
            sp_stop("DT-S09", l->list, caller, "the scatter/gather list of a request was modified");
        if (l->valid)
            memset(l->list, EX_POOL_FILL_FREED, list_bytes(l->room));
        l->valid = false;
        if (s->mdls[i])
            s->mdls[i]->StartVa = s->mdls[i]->MappedSystemVa = (PVOID)0xdbdbdbdbdbdbdbdbull;
    }
}

void sp_lists_fini(struct sp_slot *s)
{
    free_mdls(s);
    for (int i = 0; i < 2; i++) {
        drop_bounce(s->a, &s->lists[i]);
        if (s->lists[i].list)
            ex_pool_free(s->lists[i].list, 0, NULL);
    }
}

/* The slot of an SRB that the miniport has. */
static struct sp_slot *slot_of(struct sp_adapter *a, const void *srb)
{
    unsigned        old = sp_lock(a);
    struct sp_slot *s = sp_slot_find_locked(a, srb);

    if (s && s->state != SP_SLOT_DRIVER)
        s = NULL;
    sp_unlock(a, old);
    return s;
}

PSTOR_SCATTER_GATHER_LIST sp_list_of(struct sp_adapter *a, const void *srb, bool in)
{
    struct sp_slot *s = slot_of(a, srb);

    return s && s->lists[in].valid ? s->lists[in].list : NULL;
}

/* ---- MDLs ---- */

static void *data_of(const struct sp_slot *s, bool in, ULONG *bytes)
{
    *bytes = in ? s->r->data_in_bytes : s->r->bytes;
    return in ? s->r->data_in : s->r->data;
}

static PPFN_NUMBER frames_of(PMDL mdl)
{
    return (PPFN_NUMBER)(mdl + 1);
}

/* Page frames as the device sees them. */
static PMDL make_mdl(struct sp_adapter *a, void *data, ULONG bytes)
{
    PMDL mdl = io_mdl_alloc(data, bytes);

    if (!mdl)
        return NULL;
    io_mdl_nonpaged(mdl);
    for (unsigned i = 0; i < pages_of(data, bytes); i++)
        frames_of(mdl)[i] = (PFN_NUMBER)(sp_bus_address(a, (char *)mdl->StartVa + i * (size_t)PAGE_SIZE, NULL) >> 12);
    return mdl;
}

ULONG sp_mdl_of(struct sp_adapter *a, const void *srb, bool in, PVOID *mdl)
{
    struct sp_slot *s = slot_of(a, srb);
    ULONG           bytes;
    void           *data = s ? data_of(s, in, &bytes) : NULL;

    if (!data)
        return STOR_STATUS_INVALID_PARAMETER;
    if (!s->mdls[in])
        s->mdls[in] = make_mdl(a, data, bytes);
    if (!s->mdls[in])
        return STOR_STATUS_INSUFFICIENT_RESOURCES;
    *mdl = s->mdls[in];
    return STOR_STATUS_SUCCESS;
}

/* STS-055. */
ULONG sp_pfns_of(struct sp_adapter *a, const void *srb, PVOID mdl, PVOID *pfns, PULONG count, PULONG offset)
{
    struct sp_slot *s = slot_of(a, srb);
    PMDL            m = mdl;

    if (!s || (m != s->mdls[0] && m != s->mdls[1]))
        return STOR_STATUS_INVALID_PARAMETER;
    *pfns = frames_of(m);
    *count = pages_of((char *)m->StartVa + m->ByteOffset, m->ByteCount);
    *offset = m->ByteOffset;
    return STOR_STATUS_SUCCESS;
}

/* ---- lists that a miniport builds ---- */

struct built {
    KDPC                      dpc;
    struct list               link; /* more.built; sp_lock() */
    struct sp_adapter        *a;
    PSTOR_SCATTER_GATHER_LIST list;
    PpostScaterGatherExecute  routine;
    PVOID                     context;
};

static void execute(const struct built *b)
{
    b->routine((PVOID *)b->a->fdo, NULL, b->list, b->context);
}

static void execute_dpc(PKDPC dpc, PVOID context, PVOID arg1, PVOID arg2)
{
    (void)dpc;
    (void)arg1;
    (void)arg2;
    execute(context);
}

static struct built *new_built(struct sp_adapter *a, const struct sp_build *b)
{
    struct built *x = ex_pool_fault() ? NULL : ke_object_alloc(sizeof *x);

    if (!x)
        return NULL;
    *x = (struct built){.a = a, .routine = b->routine, .context = b->context, .list = b->buffer};
    ke_dpc_init(&x->dpc, execute_dpc, x, false);
    unsigned old = sp_lock(a);

    list_add_tail(&a->more.built, &x->link);
    sp_unlock(a, old);
    return x;
}

/* STS-059: the routine is called before or after the return. Which, the machine chooses. */
ULONG sp_list_build(struct sp_adapter *a, const struct sp_build *b)
{
    unsigned pages = pages_of(b->va, b->bytes);

    if (b->buffer_bytes < list_bytes(pages))
        return STOR_STATUS_BUFFER_TOO_SMALL;
    struct built *x = new_built(a, b);

    if (!x)
        return STOR_STATUS_INSUFFICIENT_RESOURCES;
    memset(x->list, 0, list_bytes(pages));
    fill(a, x->list, pages, b->va, b->bytes);
    if (mach_choose(2, CHOICE_DEVICE))
        ke_dpc_queue(&x->dpc, NULL, NULL);
    else
        execute(x);
    return STOR_STATUS_SUCCESS;
}

static struct built *take_built(struct sp_adapter *a, const STOR_SCATTER_GATHER_LIST *list)
{
    struct built *found = NULL;
    unsigned      old = sp_lock(a);

    for (struct list *l = a->more.built.next; l != &a->more.built && !found; l = l->next)
        if (container_of(l, struct built, link)->list == list)
            found = container_of(l, struct built, link);
    if (found)
        list_del(&found->link);
    sp_unlock(a, old);
    return found;
}

static void drop(struct built *x)
{
    ke_dpc_remove(&x->dpc);
    ke_object_free(x, sizeof *x);
}

/* STS-060: the buffer stays the miniport's. */
ULONG sp_list_put(struct sp_adapter *a, PSTOR_SCATTER_GATHER_LIST list, const void *caller)
{
    struct built *x = take_built(a, list);

    if (!x) {
        sp_stop(
            "DT-S19", list, caller, "StorPortPutScatterGatherList is given a list that is not built, or put already");
        return STOR_STATUS_INVALID_PARAMETER;
    }
    drop(x);
    return STOR_STATUS_SUCCESS;
}

void sp_built_fini(struct sp_adapter *a)
{
    unsigned n = 0;

    while (!list_empty(&a->more.built)) {
        drop(container_of(list_pop(&a->more.built), struct built, link));
        n++;
    }
    if (n)
        sp_warn("DT-S19", a->extension, NULL, "%u scatter/gather lists are left when the adapter is removed", n);
}
