/* SPDX-License-Identifier: MIT */
/* ddi/ddi_affinity.c - affinity in several groups at once, the limits of the stack. */
#include "ddi/ddi.h"
#include "ex/pool.h"
#include "ke/ke.h"

#define TOKEN_TAG 0x66664173u /* 'sAff' */

struct _PAFFINITY_TOKEN {
    uint64_t before; /* 0: there was no system affinity */
};

NTKERNELAPI PAFFINITY_TOKEN NTAPI PsAllocateAffinityToken(VOID)
{
    return ex_pool_alloc(
        EX_POOL_NX | EX_POOL_ZERO, sizeof(struct _PAFFINITY_TOKEN), TOKEN_TAG, __builtin_return_address(0));
}

NTKERNELAPI VOID NTAPI PsFreeAffinityToken(PAFFINITY_TOKEN AffinityToken)
{
    ex_pool_free(AffinityToken, TOKEN_TAG, __builtin_return_address(0));
}

/* 0: one of them is invalid, or there is none. */
static uint64_t all_of(const GROUP_AFFINITY *groups, USHORT count)
{
    uint64_t all = 0;

    for (USHORT i = 0; i < count; i++) {
        uint64_t one = ke_affinity_in(groups[i].Group, groups[i].Mask);

        if (!one)
            return 0;
        all |= one;
    }
    return all;
}

NTKERNELAPI NTSTATUS NTAPI PsSetSystemMultipleGroupAffinityThread(
    PGROUP_AFFINITY GroupAffinities, USHORT GroupCount, PAFFINITY_TOKEN AffinityToken)
{
    DDI_ENTER(PsSetSystemMultipleGroupAffinityThread, NULL);
    uint64_t affinity = all_of(GroupAffinities, GroupCount);
    NTSTATUS status = ke_affinity_set(affinity, &AffinityToken->before) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;

    DDI_LEAVE(PsSetSystemMultipleGroupAffinityThread, NULL, status);
    return status;
}

NTKERNELAPI VOID NTAPI PsRevertToUserMultipleGroupAffinityThread(PAFFINITY_TOKEN AffinityToken)
{
    DDI_ENTER(PsRevertToUserMultipleGroupAffinityThread, NULL);
    ke_affinity_revert(AffinityToken->before);
    DDI_LEAVE(PsRevertToUserMultipleGroupAffinityThread, NULL, 0);
}

/* ---- the stack ---- */

NTKERNELAPI VOID NTAPI IoGetStackLimits(PULONG_PTR LowLimit, PULONG_PTR HighLimit)
{
    uintptr_t low, high;

    mach_stack_limits(&low, &high);
    *LowLimit = low;
    *HighLimit = high;
}

NTKERNELAPI ULONG_PTR NTAPI IoGetRemainingStackSize(VOID)
{
    uintptr_t low, high, here = (uintptr_t)__builtin_frame_address(0);

    mach_stack_limits(&low, &high);
    return here > low ? here - low : 0;
}

NTKERNELAPI ULONG NTAPI IoWithinStackLimits(ULONG_PTR RegionStart, SIZE_T RegionSize)
{
    uintptr_t low, high;

    DDI_ENTER_QUIET(IoWithinStackLimits, RegionStart);
    mach_stack_limits(&low, &high);
    return RegionStart >= low && RegionStart <= high && RegionSize <= high - RegionStart;
}

NTKERNELAPI PVOID NTAPI IoGetInitialStack(VOID)
{
    uintptr_t low, high;

    DDI_ENTER_QUIET(IoGetInitialStack, NULL);
    mach_stack_limits(&low, &high);
    return (PVOID)high;
}
