/* SPDX-License-Identifier: MIT */
/* ddi/ddi_mm.c - MDLs, mappings and pageable sections as drivers see them. All memory is resident, mapped, and its own physical address. */
#include "ddi/ddi.h"
#include "io/priv.h"

NTKERNELAPI PMDL NTAPI IoAllocateMdl(
    PVOID VirtualAddress, ULONG Length, BOOLEAN SecondaryBuffer, BOOLEAN ChargeQuota, PIRP Irp)
{
    DDI_ENTER(IoAllocateMdl, VirtualAddress);
    (void)ChargeQuota;
    PMDL  mdl = io_mdl_alloc(VirtualAddress, Length);
    PMDL *at = Irp ? &Irp->MdlAddress : NULL;

    while (mdl && at && SecondaryBuffer && *at)
        at = &(*at)->Next;
    if (mdl && at)
        *at = mdl;
    DDI_LEAVE(IoAllocateMdl, VirtualAddress, (uintptr_t)mdl);
    return mdl;
}

NTKERNELAPI VOID NTAPI IoFreeMdl(PMDL Mdl)
{
    DDI_ENTER(IoFreeMdl, Mdl);
    io_mdl_free(Mdl);
    DDI_LEAVE(IoFreeMdl, Mdl, 0);
}

NTKERNELAPI VOID NTAPI IoBuildPartialMdl(PMDL SourceMdl, PMDL TargetMdl, PVOID VirtualAddress, ULONG Length)
{
    DDI_ENTER(IoBuildPartialMdl, SourceMdl);
    io_mdl_partial(SourceMdl, TargetMdl, VirtualAddress, Length);
    DDI_LEAVE(IoBuildPartialMdl, SourceMdl, 0);
}

NTKERNELAPI VOID NTAPI MmBuildMdlForNonPagedPool(PMDL MemoryDescriptorList)
{
    DDI_ENTER(MmBuildMdlForNonPagedPool, MemoryDescriptorList);
    io_mdl_nonpaged(MemoryDescriptorList);
    DDI_LEAVE(MmBuildMdlForNonPagedPool, MemoryDescriptorList, 0);
}

NTKERNELAPI VOID NTAPI MmProbeAndLockPages(
    PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode, LOCK_OPERATION Operation)
{
    DDI_ENTER(MmProbeAndLockPages, MemoryDescriptorList);
    (void)AccessMode, (void)Operation;
    io_mdl_lock(MemoryDescriptorList);
    DDI_LEAVE(MmProbeAndLockPages, MemoryDescriptorList, 0);
}

NTKERNELAPI VOID NTAPI MmUnlockPages(PMDL MemoryDescriptorList)
{
    DDI_ENTER(MmUnlockPages, MemoryDescriptorList);
    io_mdl_unlock(MemoryDescriptorList);
    DDI_LEAVE(MmUnlockPages, MemoryDescriptorList, 0);
}

NTKERNELAPI PVOID NTAPI MmMapLockedPagesSpecifyCache(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode,
    MEMORY_CACHING_TYPE CacheType, PVOID RequestedAddress, ULONG BugCheckOnFailure, ULONG Priority)
{
    DDI_ENTER(MmMapLockedPagesSpecifyCache, MemoryDescriptorList);
    (void)AccessMode, (void)CacheType, (void)RequestedAddress, (void)BugCheckOnFailure, (void)Priority;
    void *va = io_mdl_map(MemoryDescriptorList);

    DDI_LEAVE(MmMapLockedPagesSpecifyCache, MemoryDescriptorList, (uintptr_t)va);
    return va;
}

NTKERNELAPI VOID NTAPI MmUnmapLockedPages(PVOID BaseAddress, PMDL MemoryDescriptorList)
{
    DDI_ENTER(MmUnmapLockedPages, MemoryDescriptorList);
    (void)BaseAddress;
    io_mdl_unmap(MemoryDescriptorList);
    DDI_LEAVE(MmUnmapLockedPages, MemoryDescriptorList, 0);
}

NTKERNELAPI SIZE_T NTAPI MmSizeOfMdl(PVOID Base, SIZE_T Length)
{
    return io_mdl_bytes(Base, Length);
}

/* Nothing is paged out: the handle is the address. */
NTKERNELAPI PVOID NTAPI MmLockPagableDataSection(PVOID AddressWithinSection)
{
    DDI_ENTER_QUIET(MmLockPagableDataSection, AddressWithinSection);
    return AddressWithinSection;
}

NTKERNELAPI VOID NTAPI MmUnlockPagableImageSection(PVOID ImageSectionHandle)
{
    DDI_ENTER_QUIET(MmUnlockPagableImageSection, ImageSectionHandle);
    (void)ImageSectionHandle;
}

NTKERNELAPI PVOID NTAPI MmPageEntireDriver(PVOID AddressWithinSection)
{
    DDI_ENTER_QUIET(MmPageEntireDriver, AddressWithinSection);
    return AddressWithinSection;
}

NTKERNELAPI VOID NTAPI MmResetDriverPaging(PVOID AddressWithinSection)
{
    DDI_ENTER_QUIET(MmResetDriverPaging, AddressWithinSection);
    (void)AddressWithinSection;
}
