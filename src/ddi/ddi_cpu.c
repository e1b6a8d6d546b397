/* SPDX-License-Identifier: MIT */
/*
 * ddi/ddi_cpu.c - processors as drivers see them, all of them active from boot to the end: the maximum is the count, and
 * nobody is ever told of a new one. Routines from before there were groups speak of group 0. Each group is a node.
 */
#include "ddi/ddi.h"
#include "ke/ke.h"

enum { CACHE_LINE = 64 };

#undef KeGetCurrentProcessorNumber

/* ---- the current one: good for as long as the thread cannot move ---- */

/* In another group than 0 still a number that is good for an array of KeQueryActiveProcessorCount elements. */
NTKERNELAPI ULONG NTAPI KeGetCurrentProcessorNumber(VOID)
{
    unsigned cpu = mach_cpu();

    return (cpu - ke_group(ke_group_of(cpu)).first) % ke_group(0).count;
}

NTKERNELAPI ULONG NTAPI KeGetCurrentProcessorIndex(VOID)
{
    return mach_cpu();
}

static void number_of(ULONG index, PPROCESSOR_NUMBER number)
{
    unsigned group = ke_group_of(index);

    *number = (PROCESSOR_NUMBER){.Group = (USHORT)group, .Number = (UCHAR)(index - ke_group(group).first)};
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
    return (USHORT)ke_group_of(mach_cpu());
}

/* ---- numbers and indexes ---- */

NTKERNELAPI ULONG NTAPI KeGetProcessorIndexFromNumber(PPROCESSOR_NUMBER ProcNumber)
{
    struct ke_group g = ke_group(ProcNumber->Group);
    bool            valid = ProcNumber->Reserved == 0 && ProcNumber->Number < g.count;

    return valid ? g.first + ProcNumber->Number : INVALID_PROCESSOR_INDEX;
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
        *ActiveProcessors = ke_group_mask(0);
    return ke_group(0).count;
}

NTKERNELAPI ULONG NTAPI KeQueryActiveProcessorCountEx(USHORT GroupNumber)
{
    return GroupNumber == ALL_PROCESSOR_GROUPS ? mach_cpus() : ke_group(GroupNumber).count;
}

NTKERNELAPI ULONG NTAPI KeQueryMaximumProcessorCount(VOID)
{
    return ke_group(0).count;
}

NTKERNELAPI ULONG NTAPI KeQueryMaximumProcessorCountEx(USHORT GroupNumber)
{
    return KeQueryActiveProcessorCountEx(GroupNumber);
}

NTKERNELAPI KAFFINITY NTAPI KeQueryActiveProcessors(VOID)
{
    return ke_group_mask(0);
}

NTKERNELAPI USHORT NTAPI KeQueryActiveGroupCount(VOID)
{
    return (USHORT)ke_group_count();
}

NTKERNELAPI USHORT NTAPI KeQueryMaximumGroupCount(VOID)
{
    return (USHORT)ke_group_count();
}

NTKERNELAPI KAFFINITY NTAPI KeQueryGroupAffinity(USHORT GroupNumber)
{
    return ke_group_mask(GroupNumber);
}

NTKERNELAPI ULONG NTAPI KeGetRecommendedSharedDataAlignment(VOID)
{
    return CACHE_LINE;
}

/* ---- nodes ---- */

NTKERNELAPI USHORT NTAPI KeQueryHighestNodeNumber(VOID)
{
    return (USHORT)(ke_group_count() - 1);
}

static GROUP_AFFINITY node_affinity(USHORT node)
{
    return (GROUP_AFFINITY){.Mask = ke_group_mask(node), .Group = node < ke_group_count() ? node : 0};
}

NTKERNELAPI VOID NTAPI KeQueryNodeActiveAffinity(USHORT NodeNumber, PGROUP_AFFINITY Affinity, PUSHORT Count)
{
    if (Affinity)
        *Affinity = node_affinity(NodeNumber);
    if (Count)
        *Count = (USHORT)ke_group(NodeNumber).count;
}

NTKERNELAPI NTSTATUS NTAPI KeQueryNodeActiveAffinity2(
    USHORT NodeNumber, PGROUP_AFFINITY GroupAffinities, USHORT GroupAffinitiesCount, PUSHORT GroupAffinitiesRequired)
{
    if (NodeNumber >= ke_group_count())
        return STATUS_INVALID_PARAMETER;
    *GroupAffinitiesRequired = 1;
    if (GroupAffinitiesCount < 1)
        return STATUS_BUFFER_TOO_SMALL;
    GroupAffinities[0] = node_affinity(NodeNumber);
    return STATUS_SUCCESS;
}

NTKERNELAPI ULONG NTAPI KeQueryNodeActiveProcessorCount(USHORT NodeNumber)
{
    return ke_group(NodeNumber).count;
}

NTKERNELAPI ULONG NTAPI KeQueryNodeMaximumProcessorCount(USHORT NodeNumber)
{
    return ke_group(NodeNumber).count;
}

NTKERNELAPI NTSTATUS NTAPI KeQueryLogicalProcessorRelationship(PPROCESSOR_NUMBER ProcessorNumber,
    LOGICAL_PROCESSOR_RELATIONSHIP RelationshipType, PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX Information,
    PULONG Length)
{
    DDI_ENTER(KeQueryLogicalProcessorRelationship, NULL);
    NTSTATUS status = ke_processor_relations(ProcessorNumber, RelationshipType, Information, Length);

    DDI_LEAVE(KeQueryLogicalProcessorRelationship, NULL, status);
    return status;
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
