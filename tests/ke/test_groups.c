/* SPDX-License-Identifier: MIT */
/*
 * Processor groups, and machines of up to 64 processors: THR-030 .. THR-036, THR-038 .. THR-041, THR-045, THR-046,
 * DPC-035, DPC-038 .. DPC-041 where there are two groups.
 */
#define RANDOM_SEEDS 0 /* the bodies name processors */

#include "../machine.h"

#include "ddk/ntifs.h"

#define CPU(n) ((KAFFINITY)1 << (n))

static struct dt_config grouped(unsigned processors, unsigned groups)
{
    struct dt_config cfg = config(processors);

    cfg.processor_groups = groups;
    return cfg;
}

static PROCESSOR_NUMBER here(void)
{
    PROCESSOR_NUMBER n;

    KeGetCurrentProcessorNumberEx(&n);
    return n;
}

static void expect_here(USHORT group, UCHAR number)
{
    dt_expect(here().Group == group && here().Number == number);
}

/* ---- counts and numbers ---- */

static ULONG sizes[3]; /* of groups 0, 1, and of a third one if there is one */

/* THR-038, THR-039, THR-040, THR-045 */
static void counts(void *ctx)
{
    ULONG     all = sizes[0] + sizes[1] + sizes[2];
    KAFFINITY mask;

    (void)ctx;
    dt_expect_eq(KeQueryActiveGroupCount(), 1 + !!sizes[1] + !!sizes[2]);
    dt_expect_eq(KeQueryMaximumGroupCount(), KeQueryActiveGroupCount());
    dt_expect_eq(KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS), all);
    dt_expect_eq(KeQueryMaximumProcessorCountEx(ALL_PROCESSOR_GROUPS), all);
    for (USHORT g = 0; g < 3; g++) {
        dt_expect_eq(KeQueryActiveProcessorCountEx(g), sizes[g]);
        dt_expect_eq(KeQueryMaximumProcessorCountEx(g), sizes[g]);
        dt_expect_eq(__builtin_popcountll(KeQueryGroupAffinity(g)), sizes[g]);
    }
    dt_expect_eq(KeQueryActiveProcessorCount(&mask), sizes[0]); /* the old ones speak of group 0 */
    dt_expect(mask == KeQueryGroupAffinity(0) && KeQueryActiveProcessors() == mask);
    dt_expect_eq(KeQueryMaximumProcessorCount(), sizes[0]);
}

/* THR-041: both ways, for every processor there is, and for those that are not. */
static void indexes(void *ctx)
{
    PROCESSOR_NUMBER n;
    ULONG            all = KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS), seen = 0;

    (void)ctx;
    for (USHORT g = 0; g < KeQueryActiveGroupCount(); g++) {
        for (ULONG i = 0; i < sizes[g]; i++, seen++) {
            n = (PROCESSOR_NUMBER){.Group = g, .Number = (UCHAR)i};
            dt_expect_eq(KeGetProcessorIndexFromNumber(&n), seen);
            n = (PROCESSOR_NUMBER){.Group = 99, .Number = 99, .Reserved = 9};
            dt_expect_eq(KeGetProcessorNumberFromIndex(seen, &n), STATUS_SUCCESS);
            dt_expect(n.Group == g && n.Number == i && n.Reserved == 0);
        }
        n = (PROCESSOR_NUMBER){.Group = g, .Number = (UCHAR)sizes[g]};
        dt_expect_eq(KeGetProcessorIndexFromNumber(&n), INVALID_PROCESSOR_INDEX);
    }
    dt_expect_eq(seen, all);
    dt_expect_eq(KeGetProcessorNumberFromIndex(all, &n), STATUS_INVALID_PARAMETER);
    n = (PROCESSOR_NUMBER){.Group = KeQueryActiveGroupCount()};
    dt_expect_eq(KeGetProcessorIndexFromNumber(&n), INVALID_PROCESSOR_INDEX);
}

/* THR-046: a node lies in one group. */
static void nodes(void *ctx)
{
    GROUP_AFFINITY affinity;
    USHORT         count;

    (void)ctx;
    dt_expect_eq(KeQueryHighestNodeNumber(), KeQueryActiveGroupCount() - 1);
    for (USHORT node = 0; node <= KeQueryHighestNodeNumber(); node++) {
        KeQueryNodeActiveAffinity(node, &affinity, &count);
        dt_expect(affinity.Group == node && affinity.Mask == KeQueryGroupAffinity(node) && count == sizes[node]);
        dt_expect_eq(KeQueryNodeActiveProcessorCount(node), sizes[node]);
        dt_expect_eq(KeQueryNodeActiveAffinity2(node, &affinity, 1, &count), STATUS_SUCCESS);
        dt_expect(affinity.Group == node && count == 1);
    }
}

static void numbers_of(unsigned groups, ULONG a, ULONG b, ULONG c)
{
    struct dt_config cfg = grouped(a + b + c, groups);

    sizes[0] = a, sizes[1] = b, sizes[2] = c;
    passes_with(&cfg, counts);
    passes_with(&cfg, indexes);
    passes_with(&cfg, nodes);
}

static void test_numbers(void **state)
{
    struct dt_config too_many = grouped(2, 3);

    (void)state;
    numbers_of(1, 64, 0, 0);
    numbers_of(2, 32, 32, 0);
    numbers_of(2, 2, 1, 0);
    numbers_of(3, 3, 3, 2);
    numbers_of(1, 1, 0, 0);
    assert_int_not_equal(dt_run(&too_many, nodes, NULL, NULL), 0);
}

/* ---- affinity ---- */

/* THR-031, THR-035, THR-036: from group to group and back. */
static void group_affinity(void *ctx)
{
    GROUP_AFFINITY to[3] = {{.Mask = CPU(1), .Group = 1}, {.Mask = CPU(0), .Group = 1}, {.Mask = CPU(1), .Group = 0}};
    GROUP_AFFINITY none = {.Mask = CPU(2), .Group = 1}, no_group = {.Mask = 1, .Group = 2}, before[3], failed;
    KIRQL          irql;

    (void)ctx;
    KeSetSystemGroupAffinityThread(&to[0], &before[0]);
    expect_here(1, 1);
    dt_expect(before[0].Group == 0 && before[0].Mask == 0);
    KeSetSystemGroupAffinityThread(&to[1], &before[1]);
    expect_here(1, 0);
    dt_expect(before[1].Group == 1 && before[1].Mask == CPU(1));
    failed = to[0];
    KeSetSystemGroupAffinityThread(&none, &failed);
    dt_expect(failed.Group == 0 && failed.Mask == 0);
    failed = to[0];
    KeSetSystemGroupAffinityThread(&no_group, &failed);
    dt_expect(failed.Group == 0 && failed.Mask == 0);
    expect_here(1, 0);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeSetSystemGroupAffinityThread(&to[2], &before[2]);
    expect_here(1, 0);
    KeLowerIrql(irql);
    expect_here(0, 1);
    KeRevertToUserGroupAffinityThread(&before[2]);
    expect_here(1, 0);
    KeRevertToUserGroupAffinityThread(&none); /* invalid: nothing happens */
    expect_here(1, 0);
    KeRevertToUserGroupAffinityThread(&before[0]);
    KeRevertToUserGroupAffinityThread(&to[0]); /* a second time: nothing happens */
    KeSetSystemGroupAffinityThread(&to[2], &before[2]);
    dt_expect_eq(before[2].Mask, 0);
}

/* THR-030, THR-032, THR-033: the old routines put the thread into group 0 and return a mask without its group. */
static void old_affinity(void *ctx)
{
    GROUP_AFFINITY elsewhere = {.Mask = CPU(1), .Group = 1};

    (void)ctx;
    KeSetSystemGroupAffinityThread(&elsewhere, NULL);
    expect_here(1, 1);
    dt_expect_eq(KeGetCurrentProcessorIndex(), 3);
    dt_expect(KeGetCurrentProcessorNumber() < KeQueryActiveProcessorCount(NULL));
    KeSetSystemAffinityThreadEx(CPU(2)); /* index 2, but no processor of group 0 */
    expect_here(1, 1);
    dt_expect_eq(KeSetSystemAffinityThreadEx(CPU(0)), CPU(1));
    expect_here(0, 0);
    KeRevertToUserAffinityThreadEx(CPU(1));
    expect_here(0, 1);
    KeRevertToUserAffinityThreadEx(0);
}

/* Several groups at once, as since Windows 11. */
static void several(void *ctx)
{
    GROUP_AFFINITY  both[2] = {{.Mask = CPU(1), .Group = 0}, {.Mask = CPU(1), .Group = 1}};
    PAFFINITY_TOKEN token = PsAllocateAffinityToken();

    (void)ctx;
    dt_expect_eq(PsSetSystemMultipleGroupAffinityThread(both, 2, token), STATUS_SUCCESS);
    dt_expect_eq(here().Number, 1);
    both[1].Mask = CPU(2);
    PAFFINITY_TOKEN other = PsAllocateAffinityToken();

    dt_expect_eq(PsSetSystemMultipleGroupAffinityThread(both, 2, other), STATUS_INVALID_PARAMETER);
    PsFreeAffinityToken(other);
    PsRevertToUserMultipleGroupAffinityThread(token);
    PsFreeAffinityToken(token);
}

static void test_affinity(void **state)
{
    struct dt_config cfg = grouped(4, 2);

    (void)state;
    always_with(&cfg, group_affinity, 1);
    always_with(&cfg, old_affinity, 1);
    always_with(&cfg, several, 1);
}

/* A thread that nobody has bound may run in either group. */
static bool seen_in[2];

static void look_around(void *ctx)
{
    (void)ctx;
    __atomic_store_n(&seen_in[here().Group], true, __ATOMIC_RELAXED);
}

static void unbound(void *ctx)
{
    (void)ctx;
    for (int i = 0; i < 3; i++)
        dt_spawn(DT_ANY_PROCESSOR, look_around, NULL);
    dt_join_all();
}

static void test_unbound(void **state)
{
    struct dt_config cfg = grouped(2, 2);

    (void)state;
    seen_in[0] = seen_in[1] = false;
    always_with(&cfg, unbound, 2);
    assert_true(!simulated() || (seen_in[0] && seen_in[1]));
}

/* ---- DPCs ---- */

static struct {
    KDPC             dpc;
    KTIMER           timer;
    KEVENT           ran;
    PROCESSOR_NUMBER at;
    volatile LONG    calls;
} s;

static void where(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    s.at = here();
    InterlockedIncrement(&s.calls);
    KeSetEvent(&s.ran, IO_NO_INCREMENT, FALSE);
}

static void run_it(void)
{
    dt_expect(KeInsertQueueDpc(&s.dpc, NULL, NULL));
    wait_for(&s.ran);
}

/* DPC-035, DPC-038, DPC-039, DPC-040 */
static void targets(void *ctx)
{
    PROCESSOR_NUMBER last = {.Group = 1, .Number = 1}, first = {.Group = 1, .Number = 0},
                     none = {.Group = 1, .Number = 2};

    (void)ctx;
    memset(&s, 0, sizeof s);
    KeInitializeEvent(&s.ran, SynchronizationEvent, FALSE);
    KeInitializeDpc(&s.dpc, where, NULL);
    dt_expect_eq(KeSetTargetProcessorDpcEx(&s.dpc, &last), STATUS_SUCCESS);
    dt_expect_eq(KeSetTargetProcessorDpcEx(&s.dpc, &none), STATUS_INVALID_PARAMETER);
    run_it();
    dt_expect(s.at.Group == 1 && s.at.Number == 1);
    dt_expect_eq(KeSetTargetProcessorDpcEx(&s.dpc, &first), STATUS_SUCCESS);
    run_it();
    dt_expect(s.at.Group == 1 && s.at.Number == 0);
    KeSetTargetProcessorDpc(&s.dpc, 1);
    run_it();
    dt_expect(s.at.Group == 0 && s.at.Number == 1);
    KeSetTargetProcessorDpc(&s.dpc, 2); /* there are two in group 0 */
    run_it();
    dt_expect(s.at.Group == 0 && s.at.Number == 1);
}

/* DPC-041, TDP-008: of a timer, and threaded. */
static void targets_of_others(void *ctx)
{
    PROCESSOR_NUMBER last = {.Group = 1, .Number = 1};

    (void)ctx;
    memset(&s, 0, sizeof s);
    KeInitializeEvent(&s.ran, SynchronizationEvent, FALSE);
    KeInitializeDpc(&s.dpc, where, NULL);
    KeSetTargetProcessorDpcEx(&s.dpc, &last);
    KeInitializeTimer(&s.timer);
    KeSetTimer(&s.timer, in_ms(2), &s.dpc);
    wait_for(&s.ran);
    dt_expect(s.at.Group == 1 && s.at.Number == 1);
    KeFlushQueuedDpcs();
    KeInitializeThreadedDpc(&s.dpc, where, NULL);
    KeSetTargetProcessorDpcEx(&s.dpc, &last);
    run_it();
    dt_expect(s.at.Group == 1 && s.at.Number == 1);
    KeFlushQueuedDpcs();
}

static void on_each(PKDPC dpc, PVOID context, PVOID done, PVOID together)
{
    (void)dpc, (void)context, (void)together;
    InterlockedIncrement(&s.calls);
    KeSignalCallDpcDone(done);
}

static KIPI_BROADCAST_WORKER by_interrupt;

static ULONG_PTR by_interrupt(ULONG_PTR context)
{
    InterlockedIncrement(&s.calls);
    return context + 1;
}

/* DPC-087, DPC-090: on the processors of all groups. */
static void everywhere(void *ctx)
{
    LONG all = (LONG)KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS);

    (void)ctx;
    s.calls = 0;
    KeGenericCallDpc(on_each, NULL);
    dt_expect_eq(s.calls, all);
    dt_expect_eq(KeIpiGenericCall(by_interrupt, 6), 7);
    dt_expect_eq(s.calls, 2 * all);
}

static void test_dpcs(void **state)
{
    struct dt_config four = grouped(4, 2), many = grouped(64, 2);

    (void)state;
    always_with(&four, targets, 1);
    always_with(&four, targets_of_others, 1);
    passes_with(&four, everywhere);
    passes_with(&many, everywhere);
}

/* ---- interrupts ---- */

static KSERVICE_ROUTINE service;

static BOOLEAN service(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt, (void)context;
    s.at = here();
    InterlockedIncrement(&s.calls);
    return TRUE;
}

static PKINTERRUPT connect(ULONG version, USHORT group, KAFFINITY mask)
{
    PKINTERRUPT                     interrupt = NULL;
    IO_CONNECT_INTERRUPT_PARAMETERS p = {.Version = version,
        .FullySpecified = {.InterruptObject = &interrupt,
            .ServiceRoutine = service,
            .Vector = 0x51,
            .Irql = 5,
            .SynchronizeIrql = 5,
            .InterruptMode = Latched,
            .ProcessorEnableMask = mask,
            .Group = group}};

    return NT_SUCCESS(IoConnectInterruptEx(&p)) ? interrupt : NULL;
}

/* SIO-048: a group counts only in the version that has one; a mask without a processor of it connects nothing. */
static void interrupts(void *ctx)
{
    static const struct {
        ULONG  version;
        USHORT group;
    } ways[] = {{CONNECT_FULLY_SPECIFIED_GROUP, 1}, {CONNECT_FULLY_SPECIFIED, 0}};

    (void)ctx;
    for (int i = 0; i < 2; i++) {
        memset(&s, 0, sizeof s);
        PKINTERRUPT interrupt = connect(ways[i].version, 1, CPU(1));

        dt_expect(interrupt && dt_interrupt(0x51));
        while (!InterlockedAdd(&s.calls, 0))
            sleep_ms(1);
        dt_expect(s.at.Group == ways[i].group && s.at.Number == 1);
        GROUP_AFFINITY at = {.Mask = 0};

        dt_expect_eq(IoGetAffinityInterrupt(interrupt, &at), STATUS_SUCCESS);
        dt_expect(at.Group == ways[i].group && at.Mask == CPU(1));
        IoDisconnectInterrupt(interrupt);
    }
    dt_expect(!connect(CONNECT_FULLY_SPECIFIED_GROUP, 1, CPU(2)));
    dt_expect(!connect(CONNECT_FULLY_SPECIFIED_GROUP, 2, CPU(0)));
}

static void test_interrupts(void **state)
{
    struct dt_config cfg = grouped(4, 2);

    (void)state;
    passes_with(&cfg, interrupts);
}

/* ---- 64 processors, one thread and one timer on each ---- */

static struct {
    KTIMER        timer;
    KDPC          dpc;
    volatile LONG group;
} each[64];

static volatile LONG     on_time;
static KDEFERRED_ROUTINE mine_expired;

static void mine_expired(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)a, (void)b;
    if ((ULONG_PTR)context == KeGetCurrentProcessorIndex())
        InterlockedIncrement(&on_time);
}

static void one_of_many(void *ctx)
{
    ULONG            i = (ULONG)(ULONG_PTR)ctx;
    PROCESSOR_NUMBER n = here();

    dt_expect_eq(KeGetCurrentProcessorIndex(), i);
    dt_expect_eq(KeGetProcessorIndexFromNumber(&n), i);
    each[i].group = n.Group;
    KeInitializeTimer(&each[i].timer);
    KeInitializeDpc(&each[i].dpc, mine_expired, ctx);
    dt_expect_eq(KeSetTargetProcessorDpcEx(&each[i].dpc, &n), STATUS_SUCCESS);
    KeSetTimer(&each[i].timer, in_ms(5), &each[i].dpc);
}

static void many_processors(void *ctx)
{
    ULONG all = KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS);

    (void)ctx;
    on_time = 0;
    for (ULONG i = 0; i < all; i++)
        dt_spawn((int)i, one_of_many, (PVOID)(ULONG_PTR)i);
    dt_join_all();
    sleep_ms(50);
    KeFlushQueuedDpcs();
    for (ULONG i = 0; i < all; i++) {
        dt_expect_eq(each[i].group, i >= all / 2);
        KeCancelTimer(&each[i].timer); /* in real time one may be very late */
    }
    dt_expect(!simulated() || on_time == (LONG)all);
}

static void test_many(void **state)
{
    struct dt_config many = grouped(RACES_CHECKED ? 8 : 64, 2);

    (void)state;
    passes_with(&many, many_processors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_affinity),
        cmocka_unit_test(test_unbound),
        cmocka_unit_test(test_dpcs),
        cmocka_unit_test(test_interrupts),
        cmocka_unit_test(test_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
