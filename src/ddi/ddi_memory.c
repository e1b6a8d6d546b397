/* SPDX-License-Identifier: MIT */
/*
 * ddi/ddi_memory.c - physical memory, device memory, uncached memory. A physical address is the virtual one: so what a driver maps is
 * what it has, and device memory is ordinary memory that a test hands out as such. A run with modelled cards has bus addresses
 * instead, as the cards see them.
 */
#include "base/device.h"
#include "ddi/ddi.h"
#include "ex/pool.h"
#include "ke/ke.h"

#define CONTIGUOUS_TAG 0x746e6f43u /* 'Cont' */

NTKERNELAPI PHYSICAL_ADDRESS NTAPI MmGetPhysicalAddress(PVOID BaseAddress)
{
    struct device_memory *m = device_memory_current;
    uint64_t              address = m ? m->address(m, BaseAddress, NULL) : 0;
    PHYSICAL_ADDRESS      p;

    p.QuadPart = (LONGLONG)(address ? address : (uintptr_t)BaseAddress);
    return p;
}

static void *map(PHYSICAL_ADDRESS physical)
{
    return (void *)(uintptr_t)physical.QuadPart;
}

NTKERNELAPI PVOID NTAPI MmMapIoSpace(
    PHYSICAL_ADDRESS PhysicalAddress, SIZE_T NumberOfBytes, MEMORY_CACHING_TYPE CacheType)
{
    DDI_ENTER(MmMapIoSpace, map(PhysicalAddress));
    (void)CacheType;
    void *va = NumberOfBytes ? map(PhysicalAddress) : NULL;

    DDI_LEAVE(MmMapIoSpace, va, (uintptr_t)va);
    return va;
}

NTKERNELAPI PVOID NTAPI MmMapIoSpaceEx(PHYSICAL_ADDRESS PhysicalAddress, SIZE_T NumberOfBytes, ULONG Protect)
{
    DDI_ENTER(MmMapIoSpaceEx, map(PhysicalAddress));
    (void)Protect;
    void *va = NumberOfBytes ? map(PhysicalAddress) : NULL;

    DDI_LEAVE(MmMapIoSpaceEx, va, (uintptr_t)va);
    return va;
}

NTKERNELAPI VOID NTAPI MmUnmapIoSpace(PVOID BaseAddress, SIZE_T NumberOfBytes)
{
    DDI_ENTER(MmUnmapIoSpace, BaseAddress);
    (void)NumberOfBytes;
    DDI_LEAVE(MmUnmapIoSpace, BaseAddress, 0);
}

/* Nothing can fault here: the host is asked. */
NTKERNELAPI BOOLEAN NTAPI MmIsAddressValid(PVOID VirtualAddress)
{
    return mach_is_mapped(VirtualAddress);
}

/* ---- whole pages ---- */

static void *take_pages(SIZE_T bytes, const void *caller)
{
    return ex_pool_alloc(EX_POOL_NX, (bytes + PAGE_SIZE - 1) & ~(SIZE_T)(PAGE_SIZE - 1), CONTIGUOUS_TAG, caller);
}

NTKERNELAPI PVOID NTAPI MmAllocateContiguousMemory(SIZE_T NumberOfBytes, PHYSICAL_ADDRESS HighestAcceptableAddress)
{
    DDI_ENTER(MmAllocateContiguousMemory, NULL);
    (void)HighestAcceptableAddress;
    void *p = take_pages(NumberOfBytes, __builtin_return_address(0));

    DDI_LEAVE(MmAllocateContiguousMemory, p, (uintptr_t)p);
    return p;
}

NTKERNELAPI VOID NTAPI MmFreeContiguousMemory(PVOID BaseAddress)
{
    DDI_ENTER(MmFreeContiguousMemory, BaseAddress);
    ex_pool_free(BaseAddress, CONTIGUOUS_TAG, __builtin_return_address(0));
    DDI_LEAVE(MmFreeContiguousMemory, BaseAddress, 0);
}

NTKERNELAPI PVOID NTAPI MmAllocateNonCachedMemory(SIZE_T NumberOfBytes)
{
    DDI_ENTER(MmAllocateNonCachedMemory, NULL);
    void *p = take_pages(NumberOfBytes, __builtin_return_address(0));

    DDI_LEAVE(MmAllocateNonCachedMemory, p, (uintptr_t)p);
    return p;
}

NTKERNELAPI VOID NTAPI MmFreeNonCachedMemory(PVOID BaseAddress, SIZE_T NumberOfBytes)
{
    DDI_ENTER(MmFreeNonCachedMemory, BaseAddress);
    (void)NumberOfBytes;
    ex_pool_free(BaseAddress, CONTIGUOUS_TAG, __builtin_return_address(0));
    DDI_LEAVE(MmFreeNonCachedMemory, BaseAddress, 0);
}
