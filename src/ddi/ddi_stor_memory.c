/* SPDX-License-Identifier: MIT */
/* ddi/ddi_stor_memory.c - StorPort's memory routines as miniports see them, and its copies. */
#include <string.h>

#include "ddi/ddi_stor.h"

/* ---- pool ---- */

/* STX-001. */
STORPORTAPI ULONG StorPortAllocatePool(PVOID HwDeviceExtension, ULONG NumberOfBytes, ULONG Tag, PVOID *BufferPointer)
{
    STOR_ENTER_ANY(StorPortAllocatePool, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortAllocatePool, a, BufferPointer, SP_OS_SERVER_2003);

    if (status == STOR_STATUS_SUCCESS)
        status = sp_pool_allocate(a, NumberOfBytes, Tag, BufferPointer, __builtin_return_address(0));
    else if (BufferPointer)
        *BufferPointer = NULL;
    STOR_LEAVE(StorPortAllocatePool, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortFreePool(PVOID HwDeviceExtension, PVOID BufferPointer)
{
    STOR_ENTER_ANY(StorPortFreePool, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortFreePool, a, BufferPointer, SP_OS_SERVER_2003);

    if (status == STOR_STATUS_SUCCESS)
        status = sp_pool_release(a, BufferPointer, __builtin_return_address(0));
    STOR_LEAVE(StorPortFreePool, HwDeviceExtension, status);
}

/* ---- contiguous memory ---- */

static struct sp_place place(
    PHYSICAL_ADDRESS lowest, PHYSICAL_ADDRESS highest, PHYSICAL_ADDRESS boundary, MEMORY_CACHING_TYPE cache)
{
    return (struct sp_place){.lowest = (uint64_t)lowest.QuadPart,
        .highest = highest.QuadPart ? (uint64_t)highest.QuadPart : UINT64_MAX,
        .boundary = (uint64_t)boundary.QuadPart,
        .cache = cache};
}

/* STX-004. All memory is equally near to all nodes: the preferred one makes no difference. */
STORPORTAPI ULONG StorPortAllocateContiguousMemorySpecifyCacheNode(PVOID HwDeviceExtension, SIZE_T NumberOfBytes,
    PHYSICAL_ADDRESS LowestAcceptableAddress, PHYSICAL_ADDRESS HighestAcceptableAddress,
    PHYSICAL_ADDRESS BoundaryAddressMultiple, MEMORY_CACHING_TYPE CacheType, NODE_REQUIREMENT PreferredNode,
    PVOID *BufferPointer)
{
    const struct sp_place p =
        place(LowestAcceptableAddress, HighestAcceptableAddress, BoundaryAddressMultiple, CacheType);

    STOR_ENTER_ANY(StorPortAllocateContiguousMemorySpecifyCacheNode, HwDeviceExtension);
    ULONG status =
        STOR_CHECK(StorPortAllocateContiguousMemorySpecifyCacheNode, a, BufferPointer && NumberOfBytes, SP_OS_7);

    (void)PreferredNode;
    if (BufferPointer && status != STOR_STATUS_SUCCESS)
        *BufferPointer = NULL;
    if (status == STOR_STATUS_SUCCESS)
        status = sp_contiguous_allocate(a, NumberOfBytes, &p, BufferPointer, __builtin_return_address(0));
    STOR_LEAVE(StorPortAllocateContiguousMemorySpecifyCacheNode, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortFreeContiguousMemorySpecifyCache(
    PVOID HwDeviceExtension, PVOID BaseAddress, SIZE_T NumberOfBytes, MEMORY_CACHING_TYPE CacheType)
{
    STOR_ENTER_ANY(StorPortFreeContiguousMemorySpecifyCache, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortFreeContiguousMemorySpecifyCache, a, BaseAddress, SP_OS_7);

    if (status == STOR_STATUS_SUCCESS)
        status = sp_contiguous_release(a, BaseAddress, NumberOfBytes, CacheType, __builtin_return_address(0));
    STOR_LEAVE(StorPortFreeContiguousMemorySpecifyCache, HwDeviceExtension, status);
}

/* STX-005. */
STORPORTAPI ULONG StorPortAllocateDmaMemory(PVOID HwDeviceExtension, SIZE_T NumberOfBytes,
    PHYSICAL_ADDRESS LowestAcceptableAddress, PHYSICAL_ADDRESS HighestAcceptableAddress,
    PHYSICAL_ADDRESS BoundaryAddressMultiple, MEMORY_CACHING_TYPE CacheType, NODE_REQUIREMENT PreferredNode,
    PVOID *BufferPointer, PPHYSICAL_ADDRESS PhysicalAddress)
{
    const struct sp_place p =
        place(LowestAcceptableAddress, HighestAcceptableAddress, BoundaryAddressMultiple, CacheType);

    STOR_ENTER_ANY(StorPortAllocateDmaMemory, HwDeviceExtension);
    ULONG status =
        STOR_CHECK(StorPortAllocateDmaMemory, a, BufferPointer && PhysicalAddress && NumberOfBytes, SP_OS_10_1809);

    (void)PreferredNode;
    if (status == STOR_STATUS_SUCCESS && mach_irql() > DISPATCH_LEVEL)
        status = STOR_STATUS_INVALID_IRQL;
    if (status == STOR_STATUS_SUCCESS)
        status = sp_contiguous_allocate(a, NumberOfBytes, &p, BufferPointer, __builtin_return_address(0));
    if (status == STOR_STATUS_SUCCESS)
        PhysicalAddress->QuadPart = (LONGLONG)sp_bus_address(a, *BufferPointer, NULL);
    STOR_LEAVE(StorPortAllocateDmaMemory, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortFreeDmaMemory(PVOID HwDeviceExtension, PVOID BaseAddress, SIZE_T NumberOfBytes,
    MEMORY_CACHING_TYPE CacheType, PHYSICAL_ADDRESS PhysicalAddress)
{
    STOR_ENTER_ANY(StorPortFreeDmaMemory, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortFreeDmaMemory, a, BaseAddress, SP_OS_10_1809);

    if (status == STOR_STATUS_SUCCESS && PhysicalAddress.QuadPart &&
        (uint64_t)PhysicalAddress.QuadPart != sp_bus_address(a, BaseAddress, NULL))
        status = STOR_STATUS_INVALID_PARAMETER;
    if (status == STOR_STATUS_SUCCESS)
        status = sp_contiguous_release(a, BaseAddress, NumberOfBytes, CacheType, __builtin_return_address(0));
    STOR_LEAVE(StorPortFreeDmaMemory, HwDeviceExtension, status);
}

/* ---- host memory buffers ---- */

static bool is_page_multiple(SIZE_T n)
{
    return n && (n & (PAGE_SIZE - 1)) == 0;
}

/* STX-006. */
STORPORTAPI ULONG StorPortAllocateHostMemoryBuffer(PVOID HwDeviceExtension, SIZE_T MinimumBytes, SIZE_T PreferredBytes,
    SIZE_T UtilizationBytes, SIZE_T AlignmentBytes, PHYSICAL_ADDRESS LowestAcceptableAddress,
    PHYSICAL_ADDRESS HighestAcceptableAddress, PHYSICAL_ADDRESS BoundaryAddressMultiple,
    PACCESS_RANGE PhysicalAddressRanges, PULONG PhysicalAddressRangeCount)
{
    const struct sp_place p =
        place(LowestAcceptableAddress, HighestAcceptableAddress, BoundaryAddressMultiple, MmCached);
    bool sizes =
        is_page_multiple(PreferredBytes) && MinimumBytes <= PreferredBytes && !BoundaryAddressMultiple.QuadPart;
    bool ranges = PhysicalAddressRanges && PhysicalAddressRangeCount && *PhysicalAddressRangeCount;

    STOR_ENTER_ANY(StorPortAllocateHostMemoryBuffer, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortAllocateHostMemoryBuffer, a, sizes && ranges, SP_OS_10);

    (void)UtilizationBytes, (void)AlignmentBytes; /* ranges begin at pages */
    if (status == STOR_STATUS_SUCCESS)
        status = sp_host_buffer_allocate(a, MinimumBytes, PreferredBytes, &p, PhysicalAddressRanges,
            PhysicalAddressRangeCount, __builtin_return_address(0));
    STOR_LEAVE(StorPortAllocateHostMemoryBuffer, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortFreeHostMemoryBuffer(
    PVOID HwDeviceExtension, PACCESS_RANGE PhysicalAddressRanges, ULONG PhysicalAddressRangeCount)
{
    STOR_ENTER_ANY(StorPortFreeHostMemoryBuffer, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortFreeHostMemoryBuffer, a, PhysicalAddressRanges, SP_OS_10);

    if (status == STOR_STATUS_SUCCESS)
        status = sp_host_buffer_release(a, PhysicalAddressRanges, PhysicalAddressRangeCount);
    STOR_LEAVE(StorPortFreeHostMemoryBuffer, HwDeviceExtension, status);
}

/* ---- MDLs (STX-007) ---- */

STORPORTAPI ULONG StorPortAllocateMdl(PVOID HwDeviceExtension, PVOID BufferPointer, ULONG NumberOfBytes, PVOID *Mdl)
{
    STOR_ENTER_ANY(StorPortAllocateMdl, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortAllocateMdl, a, BufferPointer && Mdl, SP_OS_SERVER_2003);

    if (status == STOR_STATUS_SUCCESS)
        status = sp_mdl_allocate(a, BufferPointer, NumberOfBytes, Mdl, __builtin_return_address(0));
    STOR_LEAVE(StorPortAllocateMdl, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortBuildMdlForNonPagedPool(PVOID HwDeviceExtension, PVOID Mdl)
{
    STOR_ENTER_ANY(StorPortBuildMdlForNonPagedPool, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortBuildMdlForNonPagedPool, a, Mdl, SP_OS_SERVER_2003);

    if (status == STOR_STATUS_SUCCESS && !sp_mdl_is(a, Mdl))
        status = STOR_STATUS_INVALID_PARAMETER;
    if (status == STOR_STATUS_SUCCESS)
        io_mdl_nonpaged(Mdl);
    STOR_LEAVE(StorPortBuildMdlForNonPagedPool, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortFreeMdl(PVOID HwDeviceExtension, PVOID Mdl)
{
    STOR_ENTER_ANY(StorPortFreeMdl, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortFreeMdl, a, Mdl, SP_OS_SERVER_2003);

    if (status == STOR_STATUS_SUCCESS)
        status = sp_mdl_release(a, Mdl, __builtin_return_address(0));
    STOR_LEAVE(StorPortFreeMdl, HwDeviceExtension, status);
}

/* ---- copies (STX-008) ---- */

STORPORTAPI VOID StorPortMoveMemory(PVOID WriteBuffer, PVOID ReadBuffer, ULONG Length)
{
    memmove(WriteBuffer, ReadBuffer, Length);
}

STORPORTAPI VOID StorPortCopyMemory(PVOID WriteBuffer, const VOID *ReadBuffer, SIZE_T Length)
{
    memmove(WriteBuffer, ReadBuffer, Length);
}

STORPORTAPI ULONG StorPortSecureCopyMemory(PVOID Dest, SIZE_T DestSizeInBytes, const VOID *Src, SIZE_T Count)
{
    if (!Dest || !Src)
        return STOR_STATUS_INVALID_PARAMETER;
    if (Count > DestSizeInBytes)
        return STOR_STATUS_BUFFER_TOO_SMALL;
    memmove(Dest, Src, Count);
    return STOR_STATUS_SUCCESS;
}
