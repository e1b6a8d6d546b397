/* SPDX-License-Identifier: MIT */
/* ddi/ddi_resource.c - resources as drivers see them. */
#include "ddi/ddi_exlock.h"
#include "ex/locks.h"

/* LCK-038. */
#define AT_MOST_APC(name, r) \
    DDI_AT_MOST_APC(name, r, "DT-I01", DRIVER_VERIFIER_DETECTED_VIOLATION, 0x20007, mach_irql(), (uintptr_t)(r), 0)

NTKERNELAPI NTSTATUS NTAPI ExInitializeResourceLite(PERESOURCE Resource)
{
    DDI_ENTER(ExInitializeResourceLite, Resource);
    ddi_check_storage(Resource, "ExInitializeResourceLite", __builtin_return_address(0));
    ex_resource_init(Resource);
    DDI_LEAVE(ExInitializeResourceLite, Resource, STATUS_SUCCESS);
    return STATUS_SUCCESS;
}

NTKERNELAPI NTSTATUS NTAPI ExReinitializeResourceLite(PERESOURCE Resource)
{
    DDI_ENTER(ExReinitializeResourceLite, Resource);
    ex_resource_reinit(Resource);
    DDI_LEAVE(ExReinitializeResourceLite, Resource, STATUS_SUCCESS);
    return STATUS_SUCCESS;
}

NTKERNELAPI NTSTATUS NTAPI ExDeleteResourceLite(PERESOURCE Resource)
{
    DDI_ENTER(ExDeleteResourceLite, Resource);
    ex_resource_delete(Resource);
    DDI_LEAVE(ExDeleteResourceLite, Resource, STATUS_SUCCESS);
    return STATUS_SUCCESS;
}

/* ---- acquiring ---- */

NTKERNELAPI BOOLEAN NTAPI ExAcquireResourceExclusiveLite(PERESOURCE Resource, BOOLEAN Wait)
{
    AT_MOST_APC(ExAcquireResourceExclusiveLite, Resource);
    DDI_ENTER(ExAcquireResourceExclusiveLite, Resource);
    BOOLEAN owned = ex_resource_acquire(Resource, EX_RESOURCE_EXCLUSIVE, Wait);

    DDI_LEAVE(ExAcquireResourceExclusiveLite, Resource, owned);
    return owned;
}

NTKERNELAPI BOOLEAN NTAPI ExAcquireResourceSharedLite(PERESOURCE Resource, BOOLEAN Wait)
{
    AT_MOST_APC(ExAcquireResourceSharedLite, Resource);
    DDI_ENTER(ExAcquireResourceSharedLite, Resource);
    BOOLEAN owned = ex_resource_acquire(Resource, EX_RESOURCE_SHARED, Wait);

    DDI_LEAVE(ExAcquireResourceSharedLite, Resource, owned);
    return owned;
}

NTKERNELAPI BOOLEAN NTAPI ExAcquireSharedStarveExclusive(PERESOURCE Resource, BOOLEAN Wait)
{
    AT_MOST_APC(ExAcquireSharedStarveExclusive, Resource);
    DDI_ENTER(ExAcquireSharedStarveExclusive, Resource);
    BOOLEAN owned = ex_resource_acquire(Resource, EX_RESOURCE_SHARED_STARVE_EXCLUSIVE, Wait);

    DDI_LEAVE(ExAcquireSharedStarveExclusive, Resource, owned);
    return owned;
}

NTKERNELAPI BOOLEAN NTAPI ExAcquireSharedWaitForExclusive(PERESOURCE Resource, BOOLEAN Wait)
{
    AT_MOST_APC(ExAcquireSharedWaitForExclusive, Resource);
    DDI_ENTER(ExAcquireSharedWaitForExclusive, Resource);
    BOOLEAN owned = ex_resource_acquire(Resource, EX_RESOURCE_SHARED_WAIT_FOR_EXCLUSIVE, Wait);

    DDI_LEAVE(ExAcquireSharedWaitForExclusive, Resource, owned);
    return owned;
}

/* LCK-042. */
static PVOID enter_and_acquire(PERESOURCE r, enum ex_resource_mode mode)
{
    ke_critical_region(1);
    ex_resource_acquire(r, mode, true);
    return NULL;
}

NTKERNELAPI PVOID NTAPI ExEnterCriticalRegionAndAcquireResourceExclusive(PERESOURCE Resource)
{
    AT_MOST_APC(ExEnterCriticalRegionAndAcquireResourceExclusive, Resource);
    DDI_ENTER(ExEnterCriticalRegionAndAcquireResourceExclusive, Resource);
    PVOID nothing = enter_and_acquire(Resource, EX_RESOURCE_EXCLUSIVE);

    DDI_LEAVE(ExEnterCriticalRegionAndAcquireResourceExclusive, Resource, 0);
    return nothing;
}

NTKERNELAPI PVOID NTAPI ExEnterCriticalRegionAndAcquireResourceShared(PERESOURCE Resource)
{
    AT_MOST_APC(ExEnterCriticalRegionAndAcquireResourceShared, Resource);
    DDI_ENTER(ExEnterCriticalRegionAndAcquireResourceShared, Resource);
    PVOID nothing = enter_and_acquire(Resource, EX_RESOURCE_SHARED);

    DDI_LEAVE(ExEnterCriticalRegionAndAcquireResourceShared, Resource, 0);
    return nothing;
}

NTKERNELAPI PVOID NTAPI ExEnterCriticalRegionAndAcquireSharedWaitForExclusive(PERESOURCE Resource)
{
    AT_MOST_APC(ExEnterCriticalRegionAndAcquireSharedWaitForExclusive, Resource);
    DDI_ENTER(ExEnterCriticalRegionAndAcquireSharedWaitForExclusive, Resource);
    PVOID nothing = enter_and_acquire(Resource, EX_RESOURCE_SHARED_WAIT_FOR_EXCLUSIVE);

    DDI_LEAVE(ExEnterCriticalRegionAndAcquireSharedWaitForExclusive, Resource, 0);
    return nothing;
}

/* ---- releasing ---- */

NTKERNELAPI VOID NTAPI ExReleaseResourceLite(PERESOURCE Resource)
{
    DDI_ENTER(ExReleaseResourceLite, Resource);
    ex_resource_release(Resource);
    DDI_LEAVE(ExReleaseResourceLite, Resource, 0);
}

NTKERNELAPI VOID NTAPI ExReleaseResourceForThreadLite(PERESOURCE Resource, ERESOURCE_THREAD ResourceThreadId)
{
    DDI_ENTER(ExReleaseResourceForThreadLite, Resource);
    ex_resource_release_for(Resource, ResourceThreadId);
    DDI_LEAVE(ExReleaseResourceForThreadLite, Resource, 0);
}

NTKERNELAPI VOID NTAPI ExReleaseResourceAndLeaveCriticalRegion(PERESOURCE Resource)
{
    DDI_ENTER(ExReleaseResourceAndLeaveCriticalRegion, Resource);
    ex_resource_release(Resource);
    ke_critical_region(-1);
    DDI_LEAVE(ExReleaseResourceAndLeaveCriticalRegion, Resource, 0);
}

/* ---- owners ---- */

NTKERNELAPI VOID NTAPI ExConvertExclusiveToSharedLite(PERESOURCE Resource)
{
    DDI_ENTER(ExConvertExclusiveToSharedLite, Resource);
    ex_resource_convert(Resource);
    DDI_LEAVE(ExConvertExclusiveToSharedLite, Resource, 0);
}

NTKERNELAPI VOID NTAPI ExSetResourceOwnerPointer(PERESOURCE Resource, PVOID OwnerPointer)
{
    DDI_ENTER(ExSetResourceOwnerPointer, Resource);
    ex_resource_set_owner(Resource, OwnerPointer);
    DDI_LEAVE(ExSetResourceOwnerPointer, Resource, 0);
}

/* FLAG_OWNER_POINTER_IS_THREAD only says whose priority to boost. */
NTKERNELAPI VOID NTAPI ExSetResourceOwnerPointerEx(PERESOURCE Resource, PVOID OwnerPointer, ULONG Flags)
{
    DDI_ENTER(ExSetResourceOwnerPointerEx, Resource);
    (void)Flags;
    ex_resource_set_owner(Resource, OwnerPointer);
    DDI_LEAVE(ExSetResourceOwnerPointerEx, Resource, 0);
}

/* Nobody is boosted anyway. */
NTKERNELAPI VOID NTAPI ExDisableResourceBoostLite(PERESOURCE Resource)
{
    DDI_ENTER(ExDisableResourceBoostLite, Resource);
    DDI_LEAVE(ExDisableResourceBoostLite, Resource, 0);
}

/* ---- questions ---- */

NTKERNELAPI ULONG NTAPI ExGetExclusiveWaiterCount(PERESOURCE Resource)
{
    DDI_ENTER(ExGetExclusiveWaiterCount, Resource);
    ULONG n = ex_resource_waiters(Resource, true);

    DDI_LEAVE(ExGetExclusiveWaiterCount, Resource, n);
    return n;
}

NTKERNELAPI ULONG NTAPI ExGetSharedWaiterCount(PERESOURCE Resource)
{
    DDI_ENTER(ExGetSharedWaiterCount, Resource);
    ULONG n = ex_resource_waiters(Resource, false);

    DDI_LEAVE(ExGetSharedWaiterCount, Resource, n);
    return n;
}

NTKERNELAPI BOOLEAN NTAPI ExIsResourceAcquiredExclusiveLite(PERESOURCE Resource)
{
    DDI_ENTER(ExIsResourceAcquiredExclusiveLite, Resource);
    BOOLEAN owned = ex_resource_count(Resource, true) != 0;

    DDI_LEAVE(ExIsResourceAcquiredExclusiveLite, Resource, owned);
    return owned;
}

NTKERNELAPI ULONG NTAPI ExIsResourceAcquiredSharedLite(PERESOURCE Resource)
{
    DDI_ENTER(ExIsResourceAcquiredSharedLite, Resource);
    ULONG n = ex_resource_count(Resource, false);

    DDI_LEAVE(ExIsResourceAcquiredSharedLite, Resource, n);
    return n;
}
