/* SPDX-License-Identifier: MIT */
/* ddi/ddi_affinity.c - affinity in several groups (there is one), ideal processors, the limits of the stack. */
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

NTKERNELAPI NTSTATUS NTAPI PsSetSystemMultipleGroupAffinityThread(
    PGROUP_AFFINITY GroupAffinities, USHORT GroupCount, PAFFINITY_TOKEN AffinityToken)
{
    DDI_ENTER(PsSetSystemMultipleGroupAffinityThread, NULL);
    bool     valid = GroupCount == 1 && GroupAffinities[0].Group == 0;
    NTSTATUS status = valid && ke_affinity_set(GroupAffinities[0].Mask, &AffinityToken->before)
                          ? STATUS_SUCCESS
                          : STATUS_INVALID_PARAMETER;

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
