/* SPDX-License-Identifier: MIT */
/* ddi/ddi_rundown.c - rundown protection as drivers see it. */
#include "ddi/ddi_exlock.h"
#include "ex/locks.h"
#include "ex/pool.h"

/* LCK-062: a block in paged pool may not be touched at DISPATCH_LEVEL. */
static void check_memory(const void *ref, const void *caller)
{
    struct ex_pool_block block;

    if (mach_irql() < DISPATCH_LEVEL || !ex_pool_find(ref, &block) || !(block.type & EX_POOL_PAGED))
        return;
    struct finding f = {.severity = FINDING_STOP,
        .rule = "DT-I10",
        .bugcheck = DRIVER_IRQL_NOT_LESS_OR_EQUAL,
        .param = {(uintptr_t)ref, mach_irql(), 1, (uintptr_t)caller},
        .object = ref,
        .caller = caller};

    finding_raisef(&f, "rundown protection in paged pool is used at DISPATCH_LEVEL");
}

NTKERNELAPI VOID NTAPI ExInitializeRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    DDI_ENTER(ExInitializeRundownProtection, RunRef);
    ex_rundown_init(RunRef);
    DDI_LEAVE(ExInitializeRundownProtection, RunRef, 0);
}

NTKERNELAPI VOID NTAPI ExReInitializeRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    DDI_ENTER(ExReInitializeRundownProtection, RunRef);
    ex_rundown_reinit(RunRef);
    DDI_LEAVE(ExReInitializeRundownProtection, RunRef, 0);
}

NTKERNELAPI VOID NTAPI ExRundownCompleted(PEX_RUNDOWN_REF RunRef)
{
    DDI_ENTER(ExRundownCompleted, RunRef);
    ex_rundown_completed(RunRef);
    DDI_LEAVE(ExRundownCompleted, RunRef, 0);
}

NTKERNELAPI VOID NTAPI ExWaitForRundownProtectionRelease(PEX_RUNDOWN_REF RunRef)
{
    DDI_ENTER(ExWaitForRundownProtectionRelease, RunRef);
    ex_rundown_wait(RunRef);
    DDI_LEAVE(ExWaitForRundownProtectionRelease, RunRef, 0);
}

NTKERNELAPI BOOLEAN NTAPI ExAcquireRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    DDI_ENTER(ExAcquireRundownProtection, RunRef);
    check_memory(RunRef, __builtin_return_address(0));
    BOOLEAN granted = ex_rundown_acquire(RunRef, 1);

    DDI_LEAVE(ExAcquireRundownProtection, RunRef, granted);
    return granted;
}

NTKERNELAPI BOOLEAN NTAPI ExAcquireRundownProtectionEx(PEX_RUNDOWN_REF RunRef, ULONG Count)
{
    DDI_ENTER(ExAcquireRundownProtectionEx, RunRef);
    check_memory(RunRef, __builtin_return_address(0));
    BOOLEAN granted = ex_rundown_acquire(RunRef, Count);

    DDI_LEAVE(ExAcquireRundownProtectionEx, RunRef, granted);
    return granted;
}

NTKERNELAPI VOID NTAPI ExReleaseRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    DDI_ENTER(ExReleaseRundownProtection, RunRef);
    check_memory(RunRef, __builtin_return_address(0));
    ex_rundown_release(RunRef, 1);
    DDI_LEAVE(ExReleaseRundownProtection, RunRef, 0);
}

NTKERNELAPI VOID NTAPI ExReleaseRundownProtectionEx(PEX_RUNDOWN_REF RunRef, ULONG Count)
{
    DDI_ENTER(ExReleaseRundownProtectionEx, RunRef);
    check_memory(RunRef, __builtin_return_address(0));
    ex_rundown_release(RunRef, Count);
    DDI_LEAVE(ExReleaseRundownProtectionEx, RunRef, 0);
}

/* ---- cache-aware ---- */

NTKERNELAPI SIZE_T NTAPI ExSizeOfRundownProtectionCacheAware(VOID)
{
    DDI_ENTER(ExSizeOfRundownProtectionCacheAware, NULL);
    SIZE_T bytes = ex_rundown_ca_bytes();

    DDI_LEAVE(ExSizeOfRundownProtectionCacheAware, NULL, bytes);
    return bytes;
}

NTKERNELAPI VOID NTAPI ExInitializeRundownProtectionCacheAware(
    PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware, SIZE_T RunRefSize)
{
    DDI_ENTER(ExInitializeRundownProtectionCacheAware, RunRefCacheAware);
    ex_rundown_ca_init(RunRefCacheAware, RunRefSize);
    DDI_LEAVE(ExInitializeRundownProtectionCacheAware, RunRefCacheAware, 0);
}

NTKERNELAPI PEX_RUNDOWN_REF_CACHE_AWARE NTAPI ExAllocateCacheAwareRundownProtection(POOL_TYPE PoolType, ULONG PoolTag)
{
    DDI_ENTER(ExAllocateCacheAwareRundownProtection, NULL);
    size_t                      bytes = ex_rundown_ca_bytes();
    PEX_RUNDOWN_REF_CACHE_AWARE ref = ex_pool_alloc((PoolType & 0x227u), bytes, PoolTag, __builtin_return_address(0));

    if (ref)
        ex_rundown_ca_init(ref, bytes);
    DDI_LEAVE(ExAllocateCacheAwareRundownProtection, ref, (uintptr_t)ref);
    return ref;
}

NTKERNELAPI VOID NTAPI ExFreeCacheAwareRundownProtection(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware)
{
    DDI_ENTER(ExFreeCacheAwareRundownProtection, RunRefCacheAware);
    ex_rundown_ca_fini(RunRefCacheAware);
    ex_pool_free(RunRefCacheAware, 0, __builtin_return_address(0));
    DDI_LEAVE(ExFreeCacheAwareRundownProtection, RunRefCacheAware, 0);
}

NTKERNELAPI VOID NTAPI ExReInitializeRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware)
{
    DDI_ENTER(ExReInitializeRundownProtectionCacheAware, RunRefCacheAware);
    ex_rundown_ca_reinit(RunRefCacheAware);
    DDI_LEAVE(ExReInitializeRundownProtectionCacheAware, RunRefCacheAware, 0);
}

NTKERNELAPI VOID NTAPI ExRundownCompletedCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware)
{
    DDI_ENTER(ExRundownCompletedCacheAware, RunRefCacheAware);
    ex_rundown_ca_completed(RunRefCacheAware);
    DDI_LEAVE(ExRundownCompletedCacheAware, RunRefCacheAware, 0);
}

NTKERNELAPI VOID NTAPI ExWaitForRundownProtectionReleaseCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware)
{
    DDI_ENTER(ExWaitForRundownProtectionReleaseCacheAware, RunRefCacheAware);
    ex_rundown_ca_wait(RunRefCacheAware);
    DDI_LEAVE(ExWaitForRundownProtectionReleaseCacheAware, RunRefCacheAware, 0);
}

NTKERNELAPI BOOLEAN NTAPI ExAcquireRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware)
{
    DDI_ENTER(ExAcquireRundownProtectionCacheAware, RunRefCacheAware);
    check_memory(RunRefCacheAware, __builtin_return_address(0));
    BOOLEAN granted = ex_rundown_ca_acquire(RunRefCacheAware, 1);

    DDI_LEAVE(ExAcquireRundownProtectionCacheAware, RunRefCacheAware, granted);
    return granted;
}

NTKERNELAPI BOOLEAN NTAPI ExAcquireRundownProtectionCacheAwareEx(
    PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware, ULONG Count)
{
    DDI_ENTER(ExAcquireRundownProtectionCacheAwareEx, RunRefCacheAware);
    check_memory(RunRefCacheAware, __builtin_return_address(0));
    BOOLEAN granted = ex_rundown_ca_acquire(RunRefCacheAware, Count);

    DDI_LEAVE(ExAcquireRundownProtectionCacheAwareEx, RunRefCacheAware, granted);
    return granted;
}

NTKERNELAPI VOID NTAPI ExReleaseRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware)
{
    DDI_ENTER(ExReleaseRundownProtectionCacheAware, RunRefCacheAware);
    check_memory(RunRefCacheAware, __builtin_return_address(0));
    ex_rundown_ca_release(RunRefCacheAware, 1);
    DDI_LEAVE(ExReleaseRundownProtectionCacheAware, RunRefCacheAware, 0);
}

NTKERNELAPI VOID NTAPI ExReleaseRundownProtectionCacheAwareEx(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware, ULONG Count)
{
    DDI_ENTER(ExReleaseRundownProtectionCacheAwareEx, RunRefCacheAware);
    check_memory(RunRefCacheAware, __builtin_return_address(0));
    ex_rundown_ca_release(RunRefCacheAware, Count);
    DDI_LEAVE(ExReleaseRundownProtectionCacheAwareEx, RunRefCacheAware, 0);
}
