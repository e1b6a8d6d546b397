/* SPDX-License-Identifier: MIT */
/* ddi/ddi_pool.c - pool and lookaside lists as drivers see them. */
#include "ddi/ddi.h"
#include "ex/pool.h"
#include "ke/ke.h"

#define TYPE_BITS 0x227u      /* paged, cache aligned, session, no-execute: the rest of a POOL_TYPE are requests */
#define TAG_NONE  0x656e6f4eu /* "None" */

static void *allocate(ULONG type, size_t bytes, ULONG tag, bool raises, const void *caller)
{
    bool     handled = !raises || ke_exception_expected(); /* a failure that only ends the run is not worth trying */
    unsigned flags =
        (type & TYPE_BITS) | (type & POOL_ZERO_ALLOCATION ? EX_POOL_ZERO : 0) | (handled ? 0 : EX_POOL_NO_FAULT);
    void *p = ex_pool_alloc(flags, bytes, tag, caller);

    if (!p && raises)
        ke_raise_status(STATUS_INSUFFICIENT_RESOURCES, NULL, caller, "an allocation of %zu bytes fails", bytes);
    return p;
}

NTKERNELAPI PVOID NTAPI ExAllocatePoolWithTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    DDI_ENTER(ExAllocatePoolWithTag, NULL);
    void *p = allocate(
        PoolType, NumberOfBytes, Tag, PoolType & POOL_RAISE_IF_ALLOCATION_FAILURE, __builtin_return_address(0));

    DDI_LEAVE(ExAllocatePoolWithTag, p, (uintptr_t)p);
    return p;
}

NTKERNELAPI PVOID NTAPI ExAllocatePool(POOL_TYPE PoolType, SIZE_T NumberOfBytes)
{
    DDI_ENTER(ExAllocatePool, NULL);
    void *p = allocate(
        PoolType, NumberOfBytes, TAG_NONE, PoolType & POOL_RAISE_IF_ALLOCATION_FAILURE, __builtin_return_address(0));

    DDI_LEAVE(ExAllocatePool, p, (uintptr_t)p);
    return p;
}

/* Quota is not kept; the difference that shows is that a failure raises unless asked not to. */
NTKERNELAPI PVOID NTAPI ExAllocatePoolWithQuotaTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    DDI_ENTER(ExAllocatePoolWithQuotaTag, NULL);
    void *p = allocate(
        PoolType, NumberOfBytes, Tag, !(PoolType & POOL_QUOTA_FAIL_INSTEAD_OF_RAISE), __builtin_return_address(0));

    DDI_LEAVE(ExAllocatePoolWithQuotaTag, p, (uintptr_t)p);
    return p;
}

NTKERNELAPI PVOID NTAPI ExAllocatePoolWithTagPriority(
    POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag, EX_POOL_PRIORITY Priority)
{
    DDI_ENTER(ExAllocatePoolWithTagPriority, NULL);
    (void)Priority;
    void *p = allocate(
        PoolType, NumberOfBytes, Tag, PoolType & POOL_RAISE_IF_ALLOCATION_FAILURE, __builtin_return_address(0));

    DDI_LEAVE(ExAllocatePoolWithTagPriority, p, (uintptr_t)p);
    return p;
}

/* POOL_TYPE bits of POOL_FLAGs; -1: no type, or two. */
static int type_of_flags(POOL_FLAGS flags)
{
    POOL_FLAGS which = flags & (POOL_FLAG_NON_PAGED | POOL_FLAG_NON_PAGED_EXECUTE | POOL_FLAG_PAGED);
    int type = which == POOL_FLAG_PAGED ? PagedPool : which == POOL_FLAG_NON_PAGED ? NonPagedPoolNx : NonPagedPool;

    if (which == 0 || (which & (which - 1)))
        return -1;
    if (flags & POOL_FLAG_CACHE_ALIGNED)
        type |= NonPagedPoolCacheAligned;
    return flags & POOL_FLAG_UNINITIALIZED ? type : type | POOL_ZERO_ALLOCATION;
}

static void *allocate2(POOL_FLAGS flags, size_t bytes, ULONG tag, const void *caller)
{
    int type = type_of_flags(flags);

    if (type < 0 || tag == 0)
        return NULL;
    return allocate((ULONG)type, bytes, tag, flags & POOL_FLAG_RAISE_ON_FAILURE, caller);
}

NTKERNELAPI PVOID NTAPI ExAllocatePool2(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag)
{
    DDI_ENTER(ExAllocatePool2, NULL);
    void *p = allocate2(Flags, NumberOfBytes, Tag, __builtin_return_address(0));

    DDI_LEAVE(ExAllocatePool2, p, (uintptr_t)p);
    return p;
}

/* Secure pool and pools of one's own are refused; priority and node change nothing. */
static bool refuses(PCPOOL_EXTENDED_PARAMETER parameters, ULONG count)
{
    for (ULONG i = 0; i < count; i++)
        if (parameters[i].Type == PoolExtendedParameterSecurePool && !parameters[i].Optional)
            return true;
    return false;
}

NTKERNELAPI PVOID NTAPI ExAllocatePool3(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag,
    PCPOOL_EXTENDED_PARAMETER ExtendedParameters, ULONG ExtendedParametersCount)
{
    DDI_ENTER(ExAllocatePool3, NULL);
    void *p = refuses(ExtendedParameters, ExtendedParametersCount)
                  ? NULL
                  : allocate2(Flags, NumberOfBytes, Tag, __builtin_return_address(0));

    DDI_LEAVE(ExAllocatePool3, p, (uintptr_t)p);
    return p;
}

/* Memory that a thread waits in is not freed (DT-W04; SEM-020). */
static void release(void *p, ULONG tag, const void *caller)
{
    struct ex_pool_block block;
    const void          *object = NULL;

    bool known = mach_irql() <= DISPATCH_LEVEL && ex_pool_find(p, &block) && !block.freed;

    if (known)
        object = ke_waited_for_in(block.start, block.bytes);
    if (object) {
        uint64_t params[4] = {0xE1, (uintptr_t)object, 0, 0};

        ke_bugcheckf("DT-W04", DRIVER_VERIFIER_DETECTED_VIOLATION, params,
            "memory is freed with an object in it that a thread waits for");
    }
    if (known)
        ddi_work_memory_goes(block.start, block.bytes, caller);
    ex_pool_free(p, tag, caller);
}

NTKERNELAPI VOID NTAPI ExFreePool(PVOID P)
{
    DDI_ENTER(ExFreePool, P);
    release(P, 0, __builtin_return_address(0));
    DDI_LEAVE(ExFreePool, P, 0);
}

NTKERNELAPI VOID NTAPI ExFreePoolWithTag(PVOID P, ULONG Tag)
{
    DDI_ENTER(ExFreePoolWithTag, P);
    release(P, Tag, __builtin_return_address(0));
    DDI_LEAVE(ExFreePoolWithTag, P, 0);
}

NTKERNELAPI VOID NTAPI ExFreePool2(
    PVOID P, ULONG Tag, PCPOOL_EXTENDED_PARAMETER ExtendedParameters, ULONG ExtendedParametersCount)
{
    DDI_ENTER(ExFreePool2, P);
    (void)ExtendedParameters, (void)ExtendedParametersCount;
    release(P, Tag, __builtin_return_address(0));
    DDI_LEAVE(ExFreePool2, P, 0);
}
