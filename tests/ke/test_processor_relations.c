/* SPDX-License-Identifier: MIT */
/* How processors hang together as KeQueryLogicalProcessorRelationship tells it, and interrupts that never come. THR-041, THR-045. */
#define RANDOM_SEEDS 0 /* the bodies name processors */

#include "../machine.h"

#include "ddk/ntifs.h"

static ULONG sizes[3]; /* of groups 0, 1 and 2 */

/* KeQueryLogicalProcessorRelationship: records of all, of one processor, and how long they are. */
static ULONG relations(const PROCESSOR_NUMBER *of, LOGICAL_PROCESSOR_RELATIONSHIP type, ULONG *records)
{
    static char buffer[8192] __attribute__((aligned(8)));
    ULONG       needed = 0, room = sizeof buffer, seen = 0;
    ULONGLONG   processors = 0;

    dt_expect_eq(
        KeQueryLogicalProcessorRelationship((PPROCESSOR_NUMBER)of, type, NULL, &needed), STATUS_INFO_LENGTH_MISMATCH);
    dt_expect_eq(
        KeQueryLogicalProcessorRelationship((PPROCESSOR_NUMBER)of, type, (PVOID)buffer, &room), STATUS_SUCCESS);
    dt_expect(needed > 0 && needed == room);
    for (ULONG at = 0; at < room; seen++) {
        PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX r = (PVOID)(buffer + at);

        dt_expect_eq(r->Relationship, type);
        if (type == RelationProcessorCore || type == RelationProcessorPackage)
            processors += (ULONG)__builtin_popcountll(r->Processor.GroupMask[0].Mask);
        else if (type == RelationNumaNode)
            processors += (ULONG)__builtin_popcountll(r->NumaNode.GroupMask.Mask);
        else
            for (USHORT g = 0; g < r->Group.ActiveGroupCount; g++) {
                const PROCESSOR_GROUP_INFO *info = &r->Group.GroupInfo[g];

                processors += info->ActiveProcessorCount;
                dt_expect_eq(info->ActiveProcessorMask, KeQueryGroupAffinity(g));
                dt_expect(info->MaximumProcessorCount == info->ActiveProcessorCount &&
                          r->Group.MaximumGroupCount == r->Group.ActiveGroupCount);
            }
        at += r->Size;
    }
    *records = seen;
    return (ULONG)processors;
}

static void related(void *ctx)
{
    PROCESSOR_NUMBER last, none = {.Group = KeQueryActiveGroupCount()};
    ULONG            n, all = sizes[0] + sizes[1] + sizes[2], groups = KeQueryActiveGroupCount(), room = 0;

    (void)ctx;
    dt_expect(relations(NULL, RelationProcessorCore, &n) == all && n == all);
    dt_expect(relations(NULL, RelationProcessorPackage, &n) == all && n == groups);
    dt_expect(relations(NULL, RelationNumaNode, &n) == all && n == groups);
    dt_expect(relations(NULL, RelationGroup, &n) == all && n == 1);
    dt_expect_eq(KeGetProcessorNumberFromIndex(all - 1, &last), STATUS_SUCCESS);
    dt_expect(relations(&last, RelationProcessorCore, &n) == 1 && n == 1);
    dt_expect(relations(&last, RelationNumaNode, &n) == sizes[groups - 1] && n == 1);
    dt_expect_eq(KeQueryLogicalProcessorRelationship(&none, RelationGroup, NULL, &room), STATUS_INVALID_PARAMETER);
    dt_expect_eq(
        KeQueryLogicalProcessorRelationship(NULL, RelationCache, NULL, &room), STATUS_SUCCESS); /* there are none */
    dt_expect_eq(room, 0);
}

static void test_relations(void **state)
{
    static const ULONG machines[][3] = {{1, 0, 0}, {64, 0, 0}, {32, 32, 0}, {3, 3, 2}};

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        const ULONG     *m = machines[i];
        struct dt_config cfg = config(m[0] + m[1] + m[2]);

        memcpy(sizes, m, sizeof sizes);
        cfg.processor_groups = 1 + !!m[1] + !!m[2];
        passes_with(&cfg, related);
    }
}

/* ---- nonmaskable interrupts ---- */

static NMI_CALLBACK never;

static BOOLEAN never(PVOID context, BOOLEAN handled)
{
    (void)context;
    return handled;
}

static void nmi(void *ctx)
{
    PVOID handle = KeRegisterNmiCallback(never, ctx);

    dt_expect(handle != NULL);
    dt_expect_eq(KeDeregisterNmiCallback(handle), STATUS_SUCCESS);
    dt_expect_eq(KeDeregisterNmiCallback(NULL), STATUS_INVALID_HANDLE);
}

static void test_nmi(void **state)
{
    (void)state;
    passes(nmi);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_relations),
        cmocka_unit_test(test_nmi),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
