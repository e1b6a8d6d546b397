/* SPDX-License-Identifier: MIT */
/*
 * ddi/ddi_cpu.c - processors as drivers see them: one group, one node, all of them active from boot to the end. So the
 * index of a processor is its number, the maximum is the count, and nobody is ever told of a new one.
 */
#include "ddi/ddi.h"
#include "ke/ke.h"

enum { CACHE_LINE = 64 };

#undef KeGetCurrentProcessorNumber

/* ---- the current one: good for as long as the thread cannot move ---- */

NTKERNELAPI ULONG NTAPI KeGetCurrentProcessorNumber(VOID)
{
    return mach_cpu();
}

NTKERNELAPI ULONG NTAPI KeGetCurrentProcessorIndex(VOID)
{
    return mach_cpu();
}

static void number_of(ULONG index, PPROCESSOR_NUMBER number)
{
    *number = (PROCESSOR_NUMBER){.Group = 0, .Number = (UCHAR)index};
}

NTKERNELAPI ULONG NTAPI KeGetCurrentProcessorNumberEx(PPROCESSOR_NUMBER ProcNumber)
{
    ULONG index = mach_cpu();

    if (ProcNumber)
        number_of(index, ProcNumber);
    return index;
}

NTKERNELAPI USHORT NTAPI KeGetCurrentNodeNumber(VOID)
{
    return 0;
}

/* ---- numbers and indexes ---- */

NTKERNELAPI ULONG NTAPI KeGetProcessorIndexFromNumber(PPROCESSOR_NUMBER ProcNumber)
{
    bool valid = ProcNumber->Group == 0 && ProcNumber->Reserved == 0 && ProcNumber->Number < mach_cpus();

    return valid ? ProcNumber->Number : INVALID_PROCESSOR_INDEX;
}

NTKERNELAPI NTSTATUS NTAPI KeGetProcessorNumberFromIndex(ULONG ProcIndex, PPROCESSOR_NUMBER ProcNumber)
{
    if (ProcIndex >= mach_cpus())
        return STATUS_INVALID_PARAMETER;
    number_of(ProcIndex, ProcNumber);
    return STATUS_SUCCESS;
}

/* ---- counts and masks ---- */

NTKERNELAPI ULONG NTAPI KeQueryActiveProcessorCount(PKAFFINITY ActiveProcessors)
{
    if (ActiveProcessors)
        *ActiveProcessors = ke_affinity_all();
    return mach_cpus();
}

NTKERNELAPI ULONG NTAPI KeQueryActiveProcessorCountEx(USHORT GroupNumber)
{
    return GroupNumber == 0 || GroupNumber == ALL_PROCESSOR_GROUPS ? mach_cpus() : 0;
}

NTKERNELAPI ULONG NTAPI KeQueryMaximumProcessorCount(VOID)
{
    return mach_cpus();
}

NTKERNELAPI ULONG NTAPI KeQueryMaximumProcessorCountEx(USHORT GroupNumber)
{
    return KeQueryActiveProcessorCountEx(GroupNumber);
}

NTKERNELAPI KAFFINITY NTAPI KeQueryActiveProcessors(VOID)
{
    return ke_affinity_all();
}

NTKERNELAPI USHORT NTAPI KeQueryActiveGroupCount(VOID)
{
    return 1;
}

NTKERNELAPI USHORT NTAPI KeQueryMaximumGroupCount(VOID)
{
    return 1;
}

NTKERNELAPI KAFFINITY NTAPI KeQueryGroupAffinity(USHORT GroupNumber)
{
    return GroupNumber == 0 ? ke_affinity_all() : 0;
}

NTKERNELAPI ULONG NTAPI KeGetRecommendedSharedDataAlignment(VOID)
{
    return CACHE_LINE;
}

/* ---- nodes ---- */

NTKERNELAPI USHORT NTAPI KeQueryHighestNodeNumber(VOID)
{
    return 0;
}

NTKERNELAPI VOID NTAPI KeQueryNodeActiveAffinity(USHORT NodeNumber, PGROUP_AFFINITY Affinity, PUSHORT Count)
{
    if (Affinity)
        *Affinity = (GROUP_AFFINITY){.Mask = NodeNumber == 0 ? ke_affinity_all() : 0};
    if (Count)
        *Count = NodeNumber == 0 ? (USHORT)mach_cpus() : 0;
}

NTKERNELAPI NTSTATUS NTAPI KeQueryNodeActiveAffinity2(
    USHORT NodeNumber, PGROUP_AFFINITY GroupAffinities, USHORT GroupAffinitiesCount, PUSHORT GroupAffinitiesRequired)
{
    if (NodeNumber != 0)
        return STATUS_INVALID_PARAMETER;
    *GroupAffinitiesRequired = 1;
    if (GroupAffinitiesCount < 1)
        return STATUS_BUFFER_TOO_SMALL;
    GroupAffinities[0] = (GROUP_AFFINITY){.Mask = ke_affinity_all()};
    return STATUS_SUCCESS;
}

NTKERNELAPI ULONG NTAPI KeQueryNodeActiveProcessorCount(USHORT NodeNumber)
{
    return NodeNumber == 0 ? mach_cpus() : 0;
}

NTKERNELAPI ULONG NTAPI KeQueryNodeMaximumProcessorCount(USHORT NodeNumber)
{
    return NodeNumber == 0 ? mach_cpus() : 0;
}

/* ---- news of processors ---- */

/* A registration: nothing will ever be told after it, but it must be undone. */
struct change_callback {
    PPROCESSOR_CALLBACK_FUNCTION function;
    PVOID                        context;
};

static NTSTATUS tell_of(const struct change_callback *c, ULONG cpu, KE_PROCESSOR_CHANGE_NOTIFY_STATE state)
{
    KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT change = {.State = state, .NtNumber = cpu, .Status = STATUS_SUCCESS};
    NTSTATUS                           status = STATUS_SUCCESS;

    number_of(cpu, &change.ProcNumber);
    c->function(c->context, &change, &status);
    return status;
}

/* Twice for each. Where one refuses, the second round tells those before it that it came to nothing. */
static void tell_of_all(const struct change_callback *c)
{
    ULONG    told = 0;
    NTSTATUS status = STATUS_SUCCESS;

    while (told < mach_cpus() && NT_SUCCESS(status))
        status = tell_of(c, told++, KeProcessorAddStartNotify);
    if (!NT_SUCCESS(status))
        told--;
    for (ULONG cpu = 0; cpu < told; cpu++)
        tell_of(c, cpu, NT_SUCCESS(status) ? KeProcessorAddCompleteNotify : KeProcessorAddFailureNotify);
}

NTKERNELAPI PVOID NTAPI KeRegisterProcessorChangeCallback(
    PPROCESSOR_CALLBACK_FUNCTION CallbackFunction, PVOID CallbackContext, ULONG Flags)
{
    DDI_ENTER(KeRegisterProcessorChangeCallback, CallbackContext);
    struct change_callback *c = ke_object_alloc(sizeof *c);

    if (c)
        *c = (struct change_callback){CallbackFunction, CallbackContext};
    if (c && (Flags & KE_PROCESSOR_CHANGE_ADD_EXISTING))
        tell_of_all(c);
    DDI_LEAVE(KeRegisterProcessorChangeCallback, CallbackContext, (uintptr_t)c);
    return c;
}

NTKERNELAPI VOID NTAPI KeDeregisterProcessorChangeCallback(PVOID CallbackHandle)
{
    DDI_ENTER(KeDeregisterProcessorChangeCallback, CallbackHandle);
    ke_object_free(CallbackHandle, sizeof(struct change_callback));
    DDI_LEAVE(KeDeregisterProcessorChangeCallback, CallbackHandle, 0);
}
