/* SPDX-License-Identifier: MIT */
/* ddi/ddi_pushlock.c - push locks as drivers see them. The names without Ex are macros. */
#include "ddi/ddi_exlock.h"
#include "ex/locks.h"
#include "ex/pool.h"

/* LCK-053. */
#define AT_MOST_APC(name, lock)                                                                \
    DDI_AT_MOST_APC(name, lock, "DT-I01", KERNEL_AUTO_BOOST_LOCK_ACQUISITION_WITH_RAISED_IRQL, \
        (uintptr_t)ke_thread_current(), (uintptr_t)(lock), mach_irql(), 0)

NTKERNELAPI VOID NTAPI ExInitializePushLock(PEX_PUSH_LOCK PushLock)
{
    DDI_ENTER(ExInitializePushLock, PushLock);
    ex_push_init(PushLock);
    DDI_LEAVE(ExInitializePushLock, PushLock, 0);
}

NTKERNELAPI VOID NTAPI ExAcquirePushLockExclusiveEx(PEX_PUSH_LOCK PushLock, ULONG Flags)
{
    AT_MOST_APC(ExAcquirePushLockExclusiveEx, PushLock);
    DDI_ENTER(ExAcquirePushLockExclusiveEx, PushLock);
    ex_push_acquire(PushLock, true, Flags);
    DDI_LEAVE(ExAcquirePushLockExclusiveEx, PushLock, 0);
}

NTKERNELAPI VOID NTAPI ExAcquirePushLockSharedEx(PEX_PUSH_LOCK PushLock, ULONG Flags)
{
    AT_MOST_APC(ExAcquirePushLockSharedEx, PushLock);
    DDI_ENTER(ExAcquirePushLockSharedEx, PushLock);
    ex_push_acquire(PushLock, false, Flags);
    DDI_LEAVE(ExAcquirePushLockSharedEx, PushLock, 0);
}

NTKERNELAPI VOID NTAPI ExReleasePushLockExclusiveEx(PEX_PUSH_LOCK PushLock, ULONG Flags)
{
    DDI_ENTER(ExReleasePushLockExclusiveEx, PushLock);
    ex_push_release(PushLock, true, Flags);
    DDI_LEAVE(ExReleasePushLockExclusiveEx, PushLock, 0);
}

NTKERNELAPI VOID NTAPI ExReleasePushLockSharedEx(PEX_PUSH_LOCK PushLock, ULONG Flags)
{
    DDI_ENTER(ExReleasePushLockSharedEx, PushLock);
    ex_push_release(PushLock, false, Flags);
    DDI_LEAVE(ExReleasePushLockSharedEx, PushLock, 0);
}

/* ---- auto-expand push locks: one word here, as there are no routines that would need more ---- */

NTKERNELAPI PVOID NTAPI FsRtlAllocateAePushLock(POOL_TYPE PoolType, ULONG Tag)
{
    DDI_ENTER(FsRtlAllocateAePushLock, NULL);
    bool          raises = PoolType & POOL_RAISE_IF_ALLOCATION_FAILURE;
    PEX_PUSH_LOCK lock = ex_pool_alloc(
        (PoolType & 0x227u) | (raises ? EX_POOL_NO_FAULT : 0), sizeof *lock, Tag, __builtin_return_address(0));

    if (!lock && raises)
        ke_raise_status(STATUS_INSUFFICIENT_RESOURCES, NULL, __builtin_return_address(0), "no memory for a push lock");
    if (lock)
        ex_push_init(lock);
    DDI_LEAVE(FsRtlAllocateAePushLock, lock, (uintptr_t)lock);
    return lock;
}

NTKERNELAPI VOID NTAPI FsRtlFreeAePushLock(PVOID AePushLock)
{
    DDI_ENTER(FsRtlFreeAePushLock, AePushLock);
    ex_pool_free(AePushLock, 0, __builtin_return_address(0));
    DDI_LEAVE(FsRtlFreeAePushLock, AePushLock, 0);
}
