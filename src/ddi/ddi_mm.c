/* SPDX-License-Identifier: MIT */
/* ddi/ddi_mm.c - MDLs, mappings and pageable sections as drivers see them. All memory is resident, mapped, and its own physical address. */
#include "ddi/ddi.h"
#include "ex/pool.h"
#include "io/priv.h"
#include "ke/ke.h"

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

/* ---- probing ---- */

#define USER_PROBE_END 0x7FFFFFFF0000u /* the first address that is not a user's */

/* Pool is the kernel's; whatever else is mapped may be a user's. */
static bool is_users(uintptr_t start, size_t bytes)
{
    struct ex_pool_block block;

    return start + bytes >= start && start + bytes <= USER_PROBE_END && !ex_pool_find((const void *)start, &block);
}

static void probe(uintptr_t start, size_t bytes, ULONG alignment, const void *caller)
{
    if (start & (alignment - 1))
        ke_raise_status(STATUS_DATATYPE_MISALIGNMENT, NULL, caller, "the buffer at 0x%llx is not aligned to %u bytes",
            (unsigned long long)start, (unsigned)alignment);
    if (!is_users(start, bytes))
        ke_raise_status(STATUS_ACCESS_VIOLATION, NULL, caller, "the buffer at 0x%llx is not in user space",
            (unsigned long long)start);
}

NTKERNELAPI VOID NTAPI ProbeForRead(const volatile VOID *Address, SIZE_T Length, ULONG Alignment)
{
    DDI_ENTER(ProbeForRead, Address);
    if (Length)
        probe((uintptr_t)Address, Length, Alignment, __builtin_return_address(0));
    DDI_LEAVE(ProbeForRead, Address, 0);
}

/* Calls access for a byte of each page. */
static void each_page(uintptr_t start, size_t bytes, void (*access)(volatile void *p))
{
    for (uintptr_t p = start; p < start + bytes; p = (p | (PAGE_SIZE - 1)) + 1)
        access((volatile void *)p);
}

static void read_page(volatile void *p)
{
    ke_probe_read(p);
}

NTKERNELAPI VOID NTAPI ProbeForWrite(volatile VOID *Address, SIZE_T Length, ULONG Alignment)
{
    DDI_ENTER(ProbeForWrite, Address);
    if (Length) {
        probe((uintptr_t)Address, Length, Alignment, __builtin_return_address(0));
        each_page((uintptr_t)Address, Length, ke_probe_write);
    }
    DDI_LEAVE(ProbeForWrite, Address, 0);
}

NTKERNELAPI VOID NTAPI MmProbeAndLockPages(
    PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode, LOCK_OPERATION Operation)
{
    DDI_ENTER(MmProbeAndLockPages, MemoryDescriptorList);
    uintptr_t start = (uintptr_t)MmGetMdlVirtualAddress(MemoryDescriptorList);
    size_t    bytes = MmGetMdlByteCount(MemoryDescriptorList);

    if (AccessMode != KernelMode)
        probe(start, bytes, 1, __builtin_return_address(0));
    if (ke_exception_expected()) /* else a bad page is found by who uses it */
        each_page(start, bytes, Operation == IoReadAccess ? read_page : ke_probe_write);
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
