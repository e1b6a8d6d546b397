/* SPDX-License-Identifier: MIT */
/*
 * ke/relation.c - how processors hang together, in the form of SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX: every processor is a core
 * of its own, every group a package and a node. There are no caches, dies and modules to tell of.
 *
 * One pass writes what fits and counts what there is. IRQL <= 2; no locks, since all of it is fixed at boot.
 */
#include <string.h>

#include "ddk/nt/processors.h"
#include "ke/priv.h"

typedef SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX record;

struct writer {
    char    *to;
    ULONG    room, needed;
    uint64_t only; /* records of these processors */
};

static void put(struct writer *w, const record *r)
{
    if (w->needed + r->Size <= w->room)
        memcpy(w->to + w->needed, r, r->Size);
    w->needed += r->Size;
}

static GROUP_AFFINITY affinity_of(unsigned group, uint64_t mask)
{
    return (GROUP_AFFINITY){.Mask = mask, .Group = (USHORT)group};
}

static void put_processors(struct writer *w, LOGICAL_PROCESSOR_RELATIONSHIP type, unsigned group, uint64_t mask)
{
    record r = {.Relationship = type, .Size = offsetof(record, Processor) + sizeof r.Processor};

    r.Processor.GroupCount = 1;
    r.Processor.GroupMask[0] = affinity_of(group, mask);
    if (ke_affinity_in(group, mask) & w->only)
        put(w, &r);
}

static void put_cores(struct writer *w)
{
    for (unsigned g = 0; g < ke_group_count(); g++)
        for (unsigned i = 0; i < ke_group(g).count; i++)
            put_processors(w, RelationProcessorCore, g, 1ull << i);
}

static void put_packages(struct writer *w)
{
    for (unsigned g = 0; g < ke_group_count(); g++)
        put_processors(w, RelationProcessorPackage, g, ke_group_mask(g));
}

static void put_nodes(struct writer *w)
{
    for (unsigned g = 0; g < ke_group_count(); g++) {
        record r = {.Relationship = RelationNumaNode, .Size = offsetof(record, NumaNode) + sizeof r.NumaNode};

        r.NumaNode.NodeNumber = g;
        r.NumaNode.GroupMask = affinity_of(g, ke_group_mask(g));
        if (ke_affinity_in(g, ke_group_mask(g)) & w->only)
            put(w, &r);
    }
}

/* One record for all groups, so as long as there are groups. */
static void put_groups(struct writer *w)
{
    union {
        record r;
        char   bytes[offsetof(record, Group.GroupInfo) + MACH_CPUS_MAX * sizeof(PROCESSOR_GROUP_INFO)];
    } all = {.bytes = {0}};
    unsigned n = ke_group_count();

    all.r.Relationship = RelationGroup;
    all.r.Size = (ULONG)(offsetof(record, Group.GroupInfo) + n * sizeof(PROCESSOR_GROUP_INFO));
    all.r.Group.MaximumGroupCount = all.r.Group.ActiveGroupCount = (USHORT)n;
    PROCESSOR_GROUP_INFO *info = (void *)(all.bytes + offsetof(record, Group.GroupInfo));

    for (unsigned g = 0; g < n; g++) {
        info[g].MaximumProcessorCount = info[g].ActiveProcessorCount = (UCHAR)ke_group(g).count;
        info[g].ActiveProcessorMask = ke_group_mask(g);
    }
    put(w, &all.r);
}

static bool processors_asked_for(const PROCESSOR_NUMBER *number, uint64_t *only)
{
    *only = ke_affinity_all();
    if (!number)
        return true;
    if (number->Reserved || number->Number >= ke_group(number->Group).count)
        return false;
    *only = 1ull << (ke_group(number->Group).first + number->Number);
    return true;
}

NTSTATUS ke_processor_relations(const PROCESSOR_NUMBER *number, unsigned type, void *to, ULONG *length)
{
    struct writer w = {.to = to, .room = to ? *length : 0};

    if (!processors_asked_for(number, &w.only))
        return STATUS_INVALID_PARAMETER;
    if (type == RelationProcessorCore || type == RelationAll)
        put_cores(&w);
    if (type == RelationNumaNode || type == RelationNumaNodeEx || type == RelationAll)
        put_nodes(&w);
    if (type == RelationProcessorPackage || type == RelationAll)
        put_packages(&w);
    if (type == RelationGroup || type == RelationAll)
        put_groups(&w);
    *length = w.needed;
    return w.needed <= w.room ? STATUS_SUCCESS : STATUS_INFO_LENGTH_MISMATCH;
}
