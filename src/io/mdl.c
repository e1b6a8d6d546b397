/* SPDX-License-Identifier: MIT */
/*
 * io/mdl.c - memory descriptor lists. All memory is resident and mapped here, so an MDL is little more than an address and a
 * length; its flags still follow the rules, and breaking them is diagnosed with Driver Verifier's codes.
 */
#include <string.h>

#include "io/priv.h"

static size_t pages_of(const void *va, ULONG bytes)
{
    return (((uintptr_t)va & 0xfff) + bytes + 0xfff) >> 12;
}

size_t io_mdl_bytes(const void *va, size_t bytes)
{
    return sizeof(MDL) + pages_of(va, (ULONG)bytes) * sizeof(PFN_NUMBER);
}

/* 4 GB less a page is the longest buffer (page of IoAllocateMdl). */
PMDL io_mdl_alloc(void *va, ULONG bytes)
{
    size_t size = io_mdl_bytes(va, bytes);
    PMDL   mdl = bytes > UINT32_MAX - 0xfff ? NULL : ex_pool_alloc(EX_POOL_NX | EX_POOL_ZERO, size, IO_TAG_MDL, NULL);

    if (!mdl)
        return NULL;
    mdl->Size = (CSHORT)(size > MAXSHORT ? MAXSHORT : size);
    mdl->StartVa = (void *)((uintptr_t)va & ~(uintptr_t)0xfff);
    mdl->ByteOffset = (ULONG)((uintptr_t)va & 0xfff);
    mdl->ByteCount = bytes;
    return mdl;
}

void io_mdl_free(PMDL mdl)
{
    ex_pool_free(mdl, IO_TAG_MDL, NULL);
}

static void *address_of(PMDL mdl)
{
    return (char *)mdl->StartVa + mdl->ByteOffset;
}

static _Noreturn void bad(uint64_t p1, PMDL mdl, const char *what)
{
    uint64_t p[4] = {p1, (uintptr_t)mdl, (USHORT)mdl->MdlFlags, 0};

    ke_bugcheckf(NULL, DRIVER_VERIFIER_DETECTED_VIOLATION, p, "MDL %p (flags 0x%x): %s", (void *)mdl,
        (USHORT)mdl->MdlFlags, what);
}

void io_mdl_lock(PMDL mdl)
{
    if (mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL | MDL_PARTIAL))
        bad(0xb0, mdl, "MmProbeAndLockPages for pages that are locked or nonpaged");
    mdl->MdlFlags |= MDL_PAGES_LOCKED;
}

void io_mdl_unlock(PMDL mdl)
{
    if (mdl->MdlFlags & MDL_SOURCE_IS_NONPAGED_POOL)
        bad(0x7d, mdl, "MmUnlockPages for nonpaged pool");
    if (!(mdl->MdlFlags & MDL_PAGES_LOCKED))
        bad(0x7c, mdl, "MmUnlockPages for pages that are not locked");
    mdl->MdlFlags &= ~(MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA);
    mdl->MappedSystemVa = NULL;
}

void io_mdl_nonpaged(PMDL mdl)
{
    mdl->MdlFlags |= MDL_SOURCE_IS_NONPAGED_POOL;
    mdl->MappedSystemVa = address_of(mdl);
}

void *io_mdl_map(PMDL mdl)
{
    if (mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA)
        bad(0xb2, mdl, "mapped twice");
    if (!(mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_PARTIAL)))
        bad(0xb3, mdl, "mapped although its pages are not locked");
    mdl->MdlFlags |= MDL_MAPPED_TO_SYSTEM_VA;
    mdl->MappedSystemVa = address_of(mdl);
    return mdl->MappedSystemVa;
}

void io_mdl_unmap(PMDL mdl)
{
    if (!(mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA))
        bad(0xb6, mdl, "unmapped although it is not mapped");
    mdl->MdlFlags &= ~MDL_MAPPED_TO_SYSTEM_VA;
}

void io_mdl_partial(PMDL source, PMDL part, void *va, ULONG bytes)
{
    uintptr_t from = (uintptr_t)address_of(source), at = (uintptr_t)va;
    ULONG     length = bytes ? bytes : (ULONG)(from + source->ByteCount - at);
    uint64_t  p[4] = {(uintptr_t)source, (uintptr_t)part, at, length};

    if (at < from || at + length > from + source->ByteCount)
        ke_bugcheckf(NULL, TARGET_MDL_TOO_SMALL, p, "partial MDL reaches beyond its source");
    part->StartVa = (void *)(at & ~(uintptr_t)0xfff);
    part->ByteOffset = (ULONG)(at & 0xfff);
    part->ByteCount = length;
    part->MdlFlags =
        (CSHORT)(MDL_PARTIAL | (source->MdlFlags & (MDL_SOURCE_IS_NONPAGED_POOL | MDL_MAPPED_TO_SYSTEM_VA)));
    part->MappedSystemVa = va;
}
