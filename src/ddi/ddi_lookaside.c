/* SPDX-License-Identifier: MIT */
/*
 * ddi/ddi_lookaside.c - lookaside lists. They cache nothing here: every entry comes from pool and goes back to it, so that
 * an entry used after its return is found like any freed block.
 */
#include "ddi/ddi.h"
#include "ex/pool.h"
#include "ke/ke.h"

#define LIST_MAGIC 0x6b6f6f4cu /* "Look", in Future[0] of a list that is in use */

enum { DEPTH_MIN = 4, DEPTH_MAX = 256 }; /* what a new list says of itself on Windows */

typedef GENERAL_LOOKASIDE_POOL list;
_Static_assert(
    offsetof(GENERAL_LOOKASIDE, Future) == offsetof(GENERAL_LOOKASIDE_POOL, Future), "one layout for all lists");

struct config {
    void     *allocate, *free; /* the driver's, or NULL */
    POOL_TYPE type;
    ULONG     flags, tag;
    size_t    size;
};

/* Returns in faithful mode: Windows leaves them alone. */
static void misuse(uint64_t p1, const void *l, const char *what)
{
    uint64_t p[4] = {p1, (uintptr_t)l, 0, 0};

    ke_violationf(NULL, DRIVER_VERIFIER_DETECTED_VIOLATION, p, "lookaside list %p %s", l, what);
}

static void init(list *l, const struct config *c)
{
    if (l->Future[0] == LIST_MAGIC && l->ListEntry.Flink == &l->ListEntry)
        misuse(0xca, l, "is initialized a second time");
    __builtin_memset(l, 0, sizeof *l);
    l->Type = (POOL_TYPE)(c->type | (c->flags & (POOL_NX_ALLOCATION | POOL_RAISE_IF_ALLOCATION_FAILURE)));
    l->Tag = c->tag;
    l->Size = (ULONG)c->size;
    l->Allocate = (PALLOCATE_FUNCTION)c->allocate;
    l->Free = (PFREE_FUNCTION)c->free;
    l->Depth = DEPTH_MIN;
    l->MaximumDepth = DEPTH_MAX;
    l->ListEntry.Flink = l->ListEntry.Blink = &l->ListEntry;
    l->Future[0] = LIST_MAGIC;
}

static void check(const list *l)
{
    if (l->Future[0] != LIST_MAGIC)
        misuse(0xcb, l, "is not initialized, or was deleted");
}

static void fini(list *l)
{
    check(l);
    l->Future[0] = 0;
    l->ListEntry.Flink = l->ListEntry.Blink = NULL;
}

static void *get(list *l, const void *caller)
{
    check(l);
    __atomic_add_fetch(&l->TotalAllocates, 1, __ATOMIC_RELAXED);
    if (l->Allocate)
        return l->Allocate(l->Type, l->Size, l->Tag);
    return ex_pool_alloc(l->Type & ~POOL_RAISE_IF_ALLOCATION_FAILURE, l->Size, l->Tag, caller);
}

static void put(list *l, void *entry, const void *caller)
{
    check(l);
    __atomic_add_fetch(&l->TotalFrees, 1, __ATOMIC_RELAXED);
    if (l->Free)
        l->Free(entry);
    else
        ex_pool_free(entry, l->Tag, caller);
}

/* Name, type of the list, and pool type of the two old kinds. */
#define OLD_LIST(kind, pool)                                                                                 \
    NTKERNELAPI VOID NTAPI ExInitialize##kind##LookasideList(P##kind##_LIST_TYPE Lookaside,                  \
        PALLOCATE_FUNCTION Allocate, PFREE_FUNCTION Free, ULONG Flags, SIZE_T Size, ULONG Tag, USHORT Depth) \
    {                                                                                                        \
        struct config c = {(void *)Allocate, (void *)Free, pool, Flags, Tag, Size};                          \
                                                                                                             \
        DDI_ENTER(ExInitialize##kind##LookasideList, Lookaside);                                             \
        (void)Depth;                                                                                         \
        init((list *)&Lookaside->L, &c);                                                                     \
        DDI_LEAVE(ExInitialize##kind##LookasideList, Lookaside, 0);                                          \
    }                                                                                                        \
    NTKERNELAPI VOID NTAPI ExDelete##kind##LookasideList(P##kind##_LIST_TYPE Lookaside)                      \
    {                                                                                                        \
        DDI_ENTER(ExDelete##kind##LookasideList, Lookaside);                                                 \
        fini((list *)&Lookaside->L);                                                                         \
        DDI_LEAVE(ExDelete##kind##LookasideList, Lookaside, 0);                                              \
    }                                                                                                        \
    NTKERNELAPI PVOID NTAPI ExAllocateFrom##kind##LookasideList(P##kind##_LIST_TYPE Lookaside)               \
    {                                                                                                        \
        DDI_ENTER(ExAllocateFrom##kind##LookasideList, Lookaside);                                           \
        void *p = get((list *)&Lookaside->L, __builtin_return_address(0));                                   \
                                                                                                             \
        DDI_LEAVE(ExAllocateFrom##kind##LookasideList, Lookaside, (uintptr_t)p);                             \
        return p;                                                                                            \
    }                                                                                                        \
    NTKERNELAPI VOID NTAPI ExFreeTo##kind##LookasideList(P##kind##_LIST_TYPE Lookaside, PVOID Entry)         \
    {                                                                                                        \
        DDI_ENTER(ExFreeTo##kind##LookasideList, Lookaside);                                                 \
        put((list *)&Lookaside->L, Entry, __builtin_return_address(0));                                      \
        DDI_LEAVE(ExFreeTo##kind##LookasideList, Lookaside, 0);                                              \
    }

#define PNPaged_LIST_TYPE PNPAGED_LOOKASIDE_LIST
#define PPaged_LIST_TYPE  PPAGED_LOOKASIDE_LIST
OLD_LIST(NPaged, NonPagedPool)
OLD_LIST(Paged, PagedPool)

NTKERNELAPI NTSTATUS NTAPI ExInitializeLookasideListEx(PLOOKASIDE_LIST_EX Lookaside, PALLOCATE_FUNCTION_EX Allocate,
    PFREE_FUNCTION_EX Free, POOL_TYPE PoolType, ULONG Flags, SIZE_T Size, ULONG Tag, USHORT Depth)
{
    struct config c = {(void *)Allocate, (void *)Free, PoolType, 0, Tag, Size};
    NTSTATUS      status =
        Depth || (Flags & EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL && Flags & EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE)
                 ? STATUS_INVALID_PARAMETER
                 : STATUS_SUCCESS;

    DDI_ENTER(ExInitializeLookasideListEx, Lookaside);
    if (NT_SUCCESS(status))
        init(&Lookaside->L, &c);
    DDI_LEAVE(ExInitializeLookasideListEx, Lookaside, status);
    return status;
}

NTKERNELAPI VOID NTAPI ExDeleteLookasideListEx(PLOOKASIDE_LIST_EX Lookaside)
{
    DDI_ENTER(ExDeleteLookasideListEx, Lookaside);
    fini(&Lookaside->L);
    DDI_LEAVE(ExDeleteLookasideListEx, Lookaside, 0);
}

NTKERNELAPI VOID NTAPI ExFlushLookasideListEx(PLOOKASIDE_LIST_EX Lookaside)
{
    DDI_ENTER(ExFlushLookasideListEx, Lookaside);
    check(&Lookaside->L); /* it holds no entries */
    DDI_LEAVE(ExFlushLookasideListEx, Lookaside, 0);
}

NTKERNELAPI PVOID NTAPI ExAllocateFromLookasideListEx(PLOOKASIDE_LIST_EX Lookaside)
{
    void *p;

    DDI_ENTER(ExAllocateFromLookasideListEx, Lookaside);
    if (Lookaside->L.AllocateEx) {
        check(&Lookaside->L);
        p = Lookaside->L.AllocateEx(Lookaside->L.Type, Lookaside->L.Size, Lookaside->L.Tag, Lookaside);
    } else {
        p = get(&Lookaside->L, __builtin_return_address(0));
    }
    DDI_LEAVE(ExAllocateFromLookasideListEx, Lookaside, (uintptr_t)p);
    return p;
}

NTKERNELAPI VOID NTAPI ExFreeToLookasideListEx(PLOOKASIDE_LIST_EX Lookaside, PVOID Entry)
{
    DDI_ENTER(ExFreeToLookasideListEx, Lookaside);
    if (Lookaside->L.FreeEx) {
        check(&Lookaside->L);
        Lookaside->L.FreeEx(Entry, Lookaside);
    } else {
        put(&Lookaside->L, Entry, __builtin_return_address(0));
    }
    DDI_LEAVE(ExFreeToLookasideListEx, Lookaside, 0);
}
