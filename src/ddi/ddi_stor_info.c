/* SPDX-License-Identifier: MIT */
/* ddi/ddi_stor_info.c - StorPort's questions about time, processors, the adapter and the system as miniports ask them. */
#include <string.h>

#include "ddi/ddi_stor.h"

/* ---- time ---- */

/* STX-080. */
STORPORTAPI VOID StorPortQuerySystemTime(PLARGE_INTEGER CurrentTime)
{
    DDI_ENTER_QUIET(StorPortQuerySystemTime, NULL);
    mach_time_polled();
    CurrentTime->QuadPart = (LONGLONG)(ke_interrupt_time_seen() + ke_system_offset());
    DDI_LEAVE_QUIET(StorPortQuerySystemTime, NULL, CurrentTime->QuadPart);
}

/* STX-081: 10 MHz, as KeQueryPerformanceCounter has it. */
STORPORTAPI ULONG StorPortQueryPerformanceCounter(
    PVOID HwDeviceExtension, PLARGE_INTEGER PerformanceFrequency, PLARGE_INTEGER PerformanceCounter)
{
    STOR_ENTER_ANY(StorPortQueryPerformanceCounter, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortQueryPerformanceCounter, a, PerformanceCounter, SP_OS_8);

    if (status == STOR_STATUS_SUCCESS) {
        mach_time_polled();
        PerformanceCounter->QuadPart = (LONGLONG)(mach_now() / 100);
        if (PerformanceFrequency)
            PerformanceFrequency->QuadPart = 10000000;
    }
    STOR_LEAVE(StorPortQueryPerformanceCounter, HwDeviceExtension, status);
}

/* STX-082. */
STORPORTAPI ULONG StorPortQueryTimerMinInterval(PVOID HwDeviceExtension, PULONG TimerMinInterval)
{
    ULONG longest, shortest;

    STOR_ENTER_ANY(StorPortQueryTimerMinInterval, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortQueryTimerMinInterval, a, TimerMinInterval, SP_OS_10_1809);

    if (status == STOR_STATUS_SUCCESS) {
        ke_clock_range(&longest, &shortest);
        *TimerMinInterval = shortest;
    }
    STOR_LEAVE(StorPortQueryTimerMinInterval, HwDeviceExtension, status);
}

/* STX-083. */
STORPORTAPI ULONG StorPortGetCurrentIrql(PVOID HwDeviceExtension, PKIRQL Irql)
{
    STOR_ENTER_ANY(StorPortGetCurrentIrql, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortGetCurrentIrql, a, Irql, SP_OS_10_1809);

    if (status == STOR_STATUS_SUCCESS)
        *Irql = (KIRQL)mach_irql();
    STOR_LEAVE(StorPortGetCurrentIrql, HwDeviceExtension, status);
}

/* ---- processors (STX-084): each group is a node ---- */

STORPORTAPI ULONG StorPortGetCurrentProcessorNumber(PVOID HwDeviceExtension, PPROCESSOR_NUMBER ProcNumber)
{
    STOR_ENTER_ANY(StorPortGetCurrentProcessorNumber, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortGetCurrentProcessorNumber, a, ProcNumber, SP_OS_7);

    if (status == STOR_STATUS_SUCCESS) {
        unsigned cpu = mach_cpu(), group = ke_group_of(cpu);

        *ProcNumber = (PROCESSOR_NUMBER){.Group = (USHORT)group, .Number = (UCHAR)(cpu - ke_group(group).first)};
    }
    STOR_LEAVE(StorPortGetCurrentProcessorNumber, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortGetActiveGroupCount(PVOID HwDeviceExtension, PUSHORT NumberGroups)
{
    STOR_ENTER_ANY(StorPortGetActiveGroupCount, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortGetActiveGroupCount, a, NumberGroups, SP_OS_7);

    if (status == STOR_STATUS_SUCCESS)
        *NumberGroups = (USHORT)ke_group_count();
    STOR_LEAVE(StorPortGetActiveGroupCount, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortGetActiveNodeCount(PVOID HwDeviceExtension, PULONG NumberNodes)
{
    STOR_ENTER_ANY(StorPortGetActiveNodeCount, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortGetActiveNodeCount, a, NumberNodes, SP_OS_7);

    if (status == STOR_STATUS_SUCCESS)
        *NumberNodes = ke_group_count();
    STOR_LEAVE(StorPortGetActiveNodeCount, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortGetHighestNodeNumber(PVOID HwDeviceExtension, PULONG HighestNode)
{
    STOR_ENTER_ANY(StorPortGetHighestNodeNumber, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortGetHighestNodeNumber, a, HighestNode, SP_OS_7);

    if (status == STOR_STATUS_SUCCESS)
        *HighestNode = ke_group_count() - 1;
    STOR_LEAVE(StorPortGetHighestNodeNumber, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortGetGroupAffinity(PVOID HwDeviceExtension, USHORT GroupNumber, PKAFFINITY GroupAffinityMask)
{
    STOR_ENTER_ANY(StorPortGetGroupAffinity, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortGetGroupAffinity, a, GroupAffinityMask, SP_OS_7);

    if (status == STOR_STATUS_SUCCESS && GroupNumber >= ke_group_count())
        status = STOR_STATUS_UNSUCCESSFUL;
    if (status == STOR_STATUS_SUCCESS)
        *GroupAffinityMask = ke_group_mask(GroupNumber);
    STOR_LEAVE(StorPortGetGroupAffinity, HwDeviceExtension, status);
}

static GROUP_AFFINITY node_affinity(ULONG node)
{
    return (GROUP_AFFINITY){.Mask = ke_group_mask(node), .Group = node < ke_group_count() ? (USHORT)node : 0};
}

/* A node that does not exist has no processors. */
STORPORTAPI ULONG StorPortGetNodeAffinity(PVOID HwDeviceExtension, ULONG NodeNumber, PGROUP_AFFINITY NodeAffinityMask)
{
    STOR_ENTER_ANY(StorPortGetNodeAffinity, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortGetNodeAffinity, a, NodeAffinityMask && NodeNumber <= MAXUSHORT, SP_OS_7);

    if (status == STOR_STATUS_SUCCESS)
        *NodeAffinityMask = node_affinity(NodeNumber);
    STOR_LEAVE(StorPortGetNodeAffinity, HwDeviceExtension, status);
}

/* STX-085. */
STORPORTAPI ULONG StorPortGetNodeAffinity2(PVOID HwDeviceExtension, ULONG NodeNumber, PGROUP_AFFINITY GroupAffinities,
    USHORT GroupAffinitiesCount, PUSHORT GroupAffinitiesCountRequired)
{
    bool arguments = GroupAffinitiesCountRequired && (GroupAffinities || !GroupAffinitiesCount);

    STOR_ENTER_ANY(StorPortGetNodeAffinity2, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortGetNodeAffinity2, a, arguments && NodeNumber < ke_group_count(), SP_OS_11);

    if (status == STOR_STATUS_SUCCESS)
        *GroupAffinitiesCountRequired = 1;
    if (status == STOR_STATUS_SUCCESS && GroupAffinitiesCount < 1)
        status = STOR_STATUS_BUFFER_TOO_SMALL;
    if (status == STOR_STATUS_SUCCESS)
        GroupAffinities[0] = node_affinity(NodeNumber);
    STOR_LEAVE(StorPortGetNodeAffinity2, HwDeviceExtension, status);
}

/* ---- relations of processors: each is a core of its own, each group a node and a package ---- */

struct relations {
    UCHAR *at;
    ULONG  room, used; /* used counts what did not fit, too */
};

static void relate(struct relations *r, const SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX *one, ULONG bytes)
{
    if (r->used + bytes <= r->room) {
        memcpy(r->at + r->used, one, bytes);
        ((PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX)(void *)(r->at + r->used))->Size = bytes;
    }
    r->used += bytes;
}

static void relate_mask(struct relations *r, LOGICAL_PROCESSOR_RELATIONSHIP what, unsigned group, KAFFINITY mask)
{
    SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX one = {.Relationship = what};
    const GROUP_AFFINITY                    affinity = {.Mask = mask, .Group = (USHORT)group};

    if (what == RelationNumaNode) {
        one.NumaNode = (NUMA_NODE_RELATIONSHIP){.NodeNumber = group, .GroupMask = affinity};
        relate(r, &one, FIELD_OFFSET(SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX, NumaNode) + sizeof one.NumaNode);
    } else {
        one.Processor = (PROCESSOR_RELATIONSHIP){.GroupCount = 1, .GroupMask = {affinity}};
        relate(r, &one, FIELD_OFFSET(SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX, Processor) + sizeof one.Processor);
    }
}

static void relate_group(struct relations *r, unsigned group)
{
    UCHAR                                   n = (UCHAR)ke_group(group).count;
    SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX one = {.Relationship = RelationGroup};

    one.Group = (GROUP_RELATIONSHIP){.MaximumGroupCount = (USHORT)ke_group_count(),
        .ActiveGroupCount = (USHORT)ke_group_count(),
        .GroupInfo = {
            {.MaximumProcessorCount = n, .ActiveProcessorCount = n, .ActiveProcessorMask = ke_group_mask(group)}}};
    relate(r, &one, FIELD_OFFSET(SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX, Group) + sizeof one.Group);
}

static bool wants(LOGICAL_PROCESSOR_RELATIONSHIP asked, LOGICAL_PROCESSOR_RELATIONSHIP what)
{
    return asked == what || asked == RelationAll;
}

static void relate_all(struct relations *r, LOGICAL_PROCESSOR_RELATIONSHIP asked)
{
    for (unsigned g = 0; g < ke_group_count(); g++) {
        for (unsigned i = 0; wants(asked, RelationProcessorCore) && i < ke_group(g).count; i++)
            relate_mask(r, RelationProcessorCore, g, (KAFFINITY)1 << i);
        if (wants(asked, RelationNumaNode))
            relate_mask(r, RelationNumaNode, g, ke_group_mask(g));
        if (wants(asked, RelationProcessorPackage))
            relate_mask(r, RelationProcessorPackage, g, ke_group_mask(g));
        if (wants(asked, RelationGroup))
            relate_group(r, g);
    }
}

/* With a processor, only what relates to it; that is not told apart here: all are alike. */
STORPORTAPI ULONG StorPortGetLogicalProcessorRelationship(PVOID HwDeviceExtension, PPROCESSOR_NUMBER ProcessorNumber,
    LOGICAL_PROCESSOR_RELATIONSHIP RelationshipType, PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX Information,
    PULONG Length)
{
    struct relations r = {.at = (UCHAR *)Information};
    bool             known = !ProcessorNumber || (ProcessorNumber->Group < ke_group_count() &&
                                         ProcessorNumber->Number < ke_group(ProcessorNumber->Group).count);

    STOR_ENTER_ANY(StorPortGetLogicalProcessorRelationship, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortGetLogicalProcessorRelationship, a,
        Length && known && (RelationshipType <= RelationGroup || RelationshipType == RelationAll), SP_OS_7);

    if (status == STOR_STATUS_SUCCESS) {
        r.room = Information ? *Length : 0;
        relate_all(&r, RelationshipType);
        if (r.used > r.room)
            status = STOR_STATUS_BUFFER_TOO_SMALL;
        *Length = r.used;
    }
    STOR_LEAVE(StorPortGetLogicalProcessorRelationship, HwDeviceExtension, status);
}

/* STX-086: message i for the i-th processor, as long as there are messages; then from the first again. */
STORPORTAPI ULONG StorPortGetMessageInterruptIDFromProcessorIndex(
    PVOID HwDeviceExtension, ULONG ProcessorIndex, PULONG MessageInterruptID)
{
    STOR_ENTER_ANY(StorPortGetMessageInterruptIDFromProcessorIndex, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortGetMessageInterruptIDFromProcessorIndex, a,
        MessageInterruptID && ProcessorIndex < mach_cpus(), SP_OS_11);

    if (status == STOR_STATUS_SUCCESS && a->messages == 0)
        status = STOR_STATUS_UNSUCCESSFUL;
    if (status == STOR_STATUS_SUCCESS)
        *MessageInterruptID = ProcessorIndex % a->messages;
    STOR_LEAVE(StorPortGetMessageInterruptIDFromProcessorIndex, HwDeviceExtension, status);
}

/* ---- the adapter ---- */

/* STX-087: a number there is from HwStorInitialize on. */
STORPORTAPI ULONG StorPortGetSystemPortNumber(PVOID HwDeviceExtension, PSTOR_ADDRESS Address)
{
    bool btl8 = Address && Address->Type == STOR_ADDRESS_TYPE_BTL8;

    STOR_ENTER_ANY(StorPortGetSystemPortNumber, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortGetSystemPortNumber, a, btl8, SP_OS_8);

    if (status == STOR_STATUS_SUCCESS && a->state < SP_FOUND)
        status = STOR_STATUS_INVALID_DEVICE_STATE;
    if (status == STOR_STATUS_SUCCESS)
        Address->Port = (USHORT)a->number;
    STOR_LEAVE(StorPortGetSystemPortNumber, HwDeviceExtension, status);
}

/* STX-088. */
STORPORTAPI ULONG StorPortGetDeviceObjects(
    PVOID HwDeviceExtension, PVOID *AdapterDeviceObject, PVOID *PhysicalDeviceObject, PVOID *LowerDeviceObject)
{
    bool arguments = AdapterDeviceObject && PhysicalDeviceObject && LowerDeviceObject;

    STOR_ENTER_ANY(StorPortGetDeviceObjects, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortGetDeviceObjects, a, arguments, SP_OS_SERVER_2003);

    if (status == STOR_STATUS_SUCCESS) {
        *AdapterDeviceObject = a->fdo;
        *PhysicalDeviceObject = a->pdo;
        *LowerDeviceObject = a->pdo; /* nothing lies between */
    }
    STOR_LEAVE(StorPortGetDeviceObjects, HwDeviceExtension, status);
}

/* ---- the system (STX-089) ---- */

/* There is no ACPI. */
STORPORTAPI ULONG StorPortInvokeAcpiMethod(PVOID HwDeviceExtension, PSTOR_ADDRESS Address, ULONG MethodName,
    PVOID InputBuffer, ULONG InputBufferLength, PVOID OutputBuffer, ULONG OutputBufferLength, PULONG BytesReturned)
{
    bool arguments = (InputBuffer || !InputBufferLength) && (OutputBuffer || !OutputBufferLength);

    STOR_ENTER_ANY(StorPortInvokeAcpiMethod, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortInvokeAcpiMethod, a, arguments, SP_OS_8);

    (void)Address, (void)MethodName;
    if (BytesReturned)
        *BytesReturned = 0;
    if (status == STOR_STATUS_SUCCESS)
        status = STOR_STATUS_NOT_IMPLEMENTED;
    STOR_LEAVE(StorPortInvokeAcpiMethod, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortIsCurrentOsInstallationUpgrade(PVOID HwDeviceExtension, PBOOLEAN Upgraded)
{
    STOR_ENTER_ANY(StorPortIsCurrentOsInstallationUpgrade, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortIsCurrentOsInstallationUpgrade, a, Upgraded, SP_OS_8_1);

    if (status == STOR_STATUS_SUCCESS)
        *Upgraded = FALSE;
    STOR_LEAVE(StorPortIsCurrentOsInstallationUpgrade, HwDeviceExtension, status);
}

static bool is_unit(struct sp_adapter *a, const STOR_ADDRESS *address)
{
    const STOR_ADDR_BTL8 *b = (const STOR_ADDR_BTL8 *)address;

    return address->Type == STOR_ADDRESS_TYPE_BTL8 && sp_unit_find(a, b->Path, b->Target, b->Lun);
}

/* Everything is allowed for every unit. */
STORPORTAPI ULONG StorPortIsDeviceOperationAllowed(
    PVOID HwDeviceExtension, PSTOR_ADDRESS Address, LPCGUID DeviceOperation, PULONG AllowedFlag)
{
    STOR_ENTER_ANY(StorPortIsDeviceOperationAllowed, HwDeviceExtension);
    ULONG status =
        STOR_CHECK(StorPortIsDeviceOperationAllowed, a, Address && DeviceOperation && AllowedFlag, SP_OS_8_1);

    if (status == STOR_STATUS_SUCCESS && !is_unit(a, Address))
        status = STOR_STATUS_INVALID_PARAMETER;
    if (status == STOR_STATUS_SUCCESS)
        *AllowedFlag = 1;
    STOR_LEAVE(StorPortIsDeviceOperationAllowed, HwDeviceExtension, status);
}

/* STX-090. */
STORPORTAPI ULONG StorPortQueryConfiguration(
    PVOID HwDeviceExtension, STORPORT_QUERY_CONFIGURATION_TYPE Type, PBOOLEAN Enabled)
{
    STOR_ENTER_ANY(StorPortQueryConfiguration, HwDeviceExtension);
    ULONG status =
        STOR_CHECK(StorPortQueryConfiguration, a, Enabled && Type == StorportQueryConfigurationD3, SP_OS_10_1809);

    if (status == STOR_STATUS_SUCCESS)
        *Enabled = FALSE;
    STOR_LEAVE(StorPortQueryConfiguration, HwDeviceExtension, status);
}

/* No device here can lose its power in D3. */
STORPORTAPI ULONG StorPortGetD3ColdSupport(PVOID HwDeviceExtension, PSTOR_ADDRESS Address, PBOOLEAN Supported)
{
    STOR_ENTER_ANY(StorPortGetD3ColdSupport, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortGetD3ColdSupport, a, Supported, SP_OS_8);

    (void)Address;
    if (status == STOR_STATUS_SUCCESS)
        *Supported = FALSE;
    STOR_LEAVE(StorPortGetD3ColdSupport, HwDeviceExtension, status);
}
