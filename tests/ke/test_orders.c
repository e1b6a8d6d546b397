/* SPDX-License-Identifier: MIT */
/* machines: sim */
/*
 * Accesses to memory that calls on all processors and lists without a lock put in order, and those that they do not: an
 * unordered pair is a race (DT-X01). The bodies tell of their accesses as a driver does that is built with --race.
 */
#include "../machine.h"

void __tsan_init(void);
void __tsan_read4(void *p);
void __tsan_write4(void *p);

enum { CPUS = 3 };

static struct {
    LONG slot[CPUS], sum[CPUS], common, written;
    KDPC idle; /* removing it is a point at any IRQL */
} s;

static LONG reads(const LONG *p)
{
    __tsan_read4((void *)p);
    return *p;
}

static void writes(LONG *p, LONG value)
{
    __tsan_write4(p);
    *p = value;
}

static void begin(void)
{
    memset(&s, 0, sizeof s);
    KeInitializeDpc(&s.idle, NULL, NULL);
}

static void point(void)
{
    KeRemoveQueueDpc(&s.idle);
}

static LONG sum_of(const LONG *p)
{
    LONG sum = 0;

    for (int i = 0; i < CPUS; i++)
        sum += reads(&p[i]);
    return sum;
}

/* ---- KeIpiGenericCall ---- */

static KIPI_BROADCAST_WORKER gathers, scatters;

/* Each reads what the threads of all processors had written before any was stopped, and leaves its own. */
static ULONG_PTR gathers(ULONG_PTR context)
{
    ULONG cpu = KeGetCurrentProcessorNumberEx(NULL);

    (void)context;
    point();
    writes(&s.sum[cpu], sum_of(s.slot) + reads(&s.common));
    point();
    return 0;
}

static void own_slot(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    KeRaiseIrql(HIGH_LEVEL, &irql);
    writes(&s.slot[KeGetCurrentProcessorNumberEx(NULL)], 1);
    __atomic_add_fetch(&s.written, 1, __ATOMIC_SEQ_CST); /* of this the detector is not told */
    point();
    KeLowerIrql(irql);
}

static void ipi(void *ctx)
{
    begin();
    dt_spawn(1, own_slot, ctx);
    dt_spawn(2, own_slot, ctx);
    while (__atomic_load_n(&s.written, __ATOMIC_SEQ_CST) != CPUS - 1)
        sleep_ms(1);
    for (LONG i = 1; i <= 2; i++) {
        writes(&s.common, i);
        KeIpiGenericCall(gathers, 0);
        dt_expect_eq(sum_of(s.sum), CPUS * (CPUS - 1 + i));
        for (int cpu = 0; cpu < CPUS; cpu++)
            writes(&s.sum[cpu], 0);
    }
    dt_join_all();
}

/* Nothing orders what the workers do among themselves. */
static ULONG_PTR scatters(ULONG_PTR context)
{
    (void)context;
    point();
    writes(&s.common, 1);
    point();
    return 0;
}

static void ipi_race(void *ctx)
{
    (void)ctx;
    begin();
    KeIpiGenericCall(scatters, 0);
}

/* DPC-087 */
static void test_ipi(void **state)
{
    struct dt_config cfg = config(CPUS);

    (void)state;
    __tsan_init();
    always_with(&cfg, ipi, 1);
    always_random(&cfg, ipi);
    found(ipi_race, 2, "DT-X01", 0);
}

/* ---- KeGenericCallDpc ---- */

static KDEFERRED_ROUTINE everywhere, unordered;

/* Before the barrier each writes its own, after it each reads all. */
static VOID everywhere(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    ULONG cpu = KeGetCurrentProcessorNumberEx(NULL);

    (void)dpc, (void)context;
    writes(&s.slot[cpu], reads(&s.common));
    point();
    KeSignalCallDpcSynchronize(b);
    LONG sum = sum_of(s.slot);

    KeSignalCallDpcSynchronize(b);
    writes(&s.slot[cpu], sum);
    point();
    KeSignalCallDpcDone(a);
}

static VOID unordered(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)b;
    writes(&s.common, 1);
    KeSignalCallDpcDone(a);
}

static void call(void *ctx)
{
    (void)ctx;
    begin();
    for (LONG i = 1; i <= 2; i++) {
        writes(&s.common, i);
        KeGenericCallDpc(everywhere, NULL);
        dt_expect_eq(sum_of(s.slot), CPUS * CPUS * i);
    }
}

static void call_race(void *ctx)
{
    (void)ctx;
    begin();
    KeGenericCallDpc(unordered, NULL);
}

/* DPC-090, DPC-091 */
static void test_call(void **state)
{
    struct dt_config cfg = config(CPUS);

    (void)state;
    __tsan_init();
    always_with(&cfg, call, 1);
    always_random(&cfg, call);
    found(call_race, 1, "DT-X01", 0);
}

/* ---- SLISTs ---- */

DECLSPEC_ALIGN(16) static SLIST_HEADER list;

static struct item {
    SLIST_ENTRY entry;
    LONG        value;
} items[2];

static void pushes(void *ctx)
{
    (void)ctx;
    for (int i = 0; i < 2; i++) {
        writes(&items[i].value, 7);
        InterlockedPushEntrySList(&list, &items[i].entry);
    }
}

static void pops(void *ctx)
{
    (void)ctx;
    begin();
    ExInitializeSListHead(&list);
    dt_spawn(1, pushes, NULL);
    for (int n = 0; n < 2; n++) {
        PSLIST_ENTRY e;

        while (!(e = n ? ExInterlockedFlushSList(&list) : InterlockedPopEntrySList(&list)))
            sleep_ms(1);
        dt_expect_eq(reads(&CONTAINING_RECORD(e, struct item, entry)->value), 7);
    }
    dt_join_all();
}

static void pushes_first(void *ctx)
{
    (void)ctx;
    InterlockedPushEntrySList(&list, &items[0].entry);
    writes(&items[0].value, 7);
}

static void pops_too_soon(void *ctx)
{
    (void)ctx;
    begin();
    ExInitializeSListHead(&list);
    dt_spawn(1, pushes_first, NULL);
    while (!InterlockedPopEntrySList(&list))
        sleep_ms(1);
    reads(&items[0].value);
    dt_join_all();
}

/* How many schedules with one switch there are. */
static uint64_t schedules(enum dt_level level)
{
    struct dt_explore_result  r;
    struct dt_explore_options o = {.config = config(2), .strategy = "dfs:1", .no_shrink = true};

    o.config.level = level;
    assert_int_equal(dt_explore(pops, NULL, &o, &r), 0);
    assert_int_equal(r.run.verdict, DT_PASS);
    return r.schedules;
}

/* INT-035, INT-038. At the level of atomic operations others also come in the middle of a call. */
static void test_slist(void **state)
{
    (void)state;
    __tsan_init();
    always(pops, 2);
    found(pops_too_soon, 0, "DT-X01", 0);
    assert_true(schedules(DT_LEVEL_ATOMIC) > schedules(DT_LEVEL_API));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ipi),
        cmocka_unit_test(test_call),
        cmocka_unit_test(test_slist),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
