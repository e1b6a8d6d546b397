/* SPDX-License-Identifier: MIT */
/* A routine on every processor: KeIpiGenericCall, KeGenericCallDpc. DPC-087 .. DPC-092. */
#include "../machine.h"

enum { CPUS = 3 };

static struct {
    LONG          entered, runs[CPUS], inside, ones, before, calls;
    volatile LONG held, spinning;
    KEVENT        event;
    KDPC          idle, other; /* removing one is a point at any IRQL */
} s;

static void begin(void)
{
    memset(&s, 0, sizeof s);
    KeInitializeEvent(&s.event, NotificationEvent, FALSE);
    KeInitializeDpc(&s.idle, NULL, NULL);
    KeInitializeDpc(&s.other, NULL, NULL);
}

static struct dt_config three(void)
{
    return config(CPUS);
}

/* ---- KeIpiGenericCall ---- */

static KIPI_BROADCAST_WORKER worker;

static ULONG_PTR worker(ULONG_PTR context)
{
    ULONG cpu = KeGetCurrentProcessorNumberEx(NULL);

    dt_expect_eq(KeGetCurrentIrql(), IPI_LEVEL);
    dt_expect_eq(context, 7);
    InterlockedIncrement(&s.runs[cpu]);
    InterlockedIncrement(&s.entered);
    KeRemoveQueueDpc(&s.idle);
    return 100 + cpu;
}

/* The barrier: as long as this processor takes no interrupt, nobody enters. Once it has run the worker it may be back here
 * while the others have yet to begin theirs. */
static void masks(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    KeRaiseIrql(HIGH_LEVEL, &irql);
    for (int i = 0; i < 3; i++)
        KeRemoveQueueDpc(&s.other);
    if (ReadNoFence(&s.runs[1]) == 0)
        dt_expect_eq(ReadNoFence(&s.entered), 0);
    KeLowerIrql(irql);
}

static void ipi(void *ctx)
{
    (void)ctx;
    begin();
    dt_spawn(1, masks, NULL);
    ULONG_PTR result = KeIpiGenericCall(worker, 7);

    dt_expect_eq(s.entered, CPUS);
    for (int i = 0; i < CPUS; i++)
        dt_expect_eq(s.runs[i], 1);
    dt_expect_eq(result, 100); /* that of the caller's processor */
    dt_expect_eq(KeGetCurrentIrql(), PASSIVE_LEVEL);
    dt_join_all();
}

static void calls(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    dt_expect_eq(KeIpiGenericCall(worker, 7), 100 + KeGetCurrentProcessorNumberEx(NULL));
    KeLowerIrql(irql);
}

/* Two calls at once, at DISPATCH_LEVEL: one after the other. */
static void ipi_twice(void *ctx)
{
    (void)ctx;
    begin();
    dt_spawn(1, calls, NULL);
    calls(NULL);
    dt_join_all();
    dt_expect_eq(s.entered, 2 * CPUS);
}

static void test_ipi(void **state)
{
    struct dt_config cfg = three();

    (void)state;
    passes_with(&cfg, ipi); /* DPC-087 */
    always_with(&cfg, ipi, 2);
    passes_with(&cfg, ipi_twice);
    always_with(&cfg, ipi_twice, 1);
}

static void ipi_at_ipi_level(void *ctx) /* DPC-088 */
{
    KIRQL irql;

    (void)ctx;
    begin();
    KeRaiseIrql(IPI_LEVEL, &irql);
    KeIpiGenericCall(worker, 7);
}

static void ipi_below_ipi_level(void *ctx) /* DPC-088 */
{
    KIRQL irql;

    (void)ctx;
    begin();
    KeRaiseIrql(IPI_LEVEL - 1, &irql);
    KeIpiGenericCall(worker, 7);
    KeLowerIrql(irql);
}

/* DPC-089: the other processor spins, with interrupts masked or not, for what the caller holds. */
static void spins_at(void *ctx)
{
    KIRQL irql;

    KeRaiseIrql((KIRQL)(uintptr_t)ctx, &irql);
    InterlockedExchange(&s.spinning, 1);
    while (ReadNoFence(&s.held))
        YieldProcessor();
    KeLowerIrql(irql);
}

static void call_holding(KIRQL level)
{
    begin();
    InterlockedExchange(&s.held, 1);
    dt_spawn(1, spins_at, (void *)(uintptr_t)level);
    while (!ReadNoFence(&s.spinning))
        YieldProcessor();
    KeIpiGenericCall(worker, 7);
    InterlockedExchange(&s.held, 0);
    dt_join_all();
}

static void masked(void *ctx)
{
    (void)ctx;
    call_holding(HIGH_LEVEL);
}

/* Processor 0 arrives before the caller looks: it is at IPI_LEVEL too, and not the one to blame. */
static void masked_from_last(void *ctx)
{
    KeSetSystemAffinityThread((KAFFINITY)1 << (CPUS - 1));
    masked(ctx);
}

static void not_masked(void *ctx)
{
    (void)ctx;
    call_holding(DISPATCH_LEVEL);
}

static void test_ipi_misuse(void **state)
{
    struct dt_config cfg = three();

    (void)state;
    caught_with(&cfg, ipi_at_ipi_level, "DT-I01", 0x0A);
    passes_with(&cfg, ipi_below_ipi_level);
    caught_params_with(&cfg, masked, "DT-X04", 0x1DB, 1, 0); /* the processor that does not come */
    caught_params_with(&cfg, masked_from_last, "DT-X04", 0x1DB, 1, 0);
    passes_with(&cfg, not_masked);
}

/* ---- KeGenericCallDpc ---- */

static KDEFERRED_ROUTINE routine;

static VOID routine(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc;
    dt_expect(context == &s);
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    dt_expect(KeIsExecutingDpc());
    InterlockedIncrement(&s.runs[KeGetCurrentProcessorNumberEx(NULL)]);
    for (LONG i = 1; i <= 2; i++) {
        InterlockedIncrement(&s.before);
        if (KeSignalCallDpcSynchronize(b))
            InterlockedIncrement(&s.ones);
        dt_expect_eq(s.before, CPUS * i); /* nobody is past the barrier before all are there */
        KeSignalCallDpcSynchronize(b);
    }
    InterlockedIncrement(&s.calls);
    KeSignalCallDpcDone(a);
}

/* DPC-090, DPC-091. */
static void call_dpc(void *ctx)
{
    (void)ctx;
    begin();
    KeGenericCallDpc(routine, &s);
    dt_expect_eq(s.calls, CPUS);
    for (int i = 0; i < CPUS; i++)
        dt_expect_eq(s.runs[i], 1);
    dt_expect_eq(s.ones, 2);
    dt_expect_eq(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

/* DPC-091: no page describes the arguments, but Windows shows them like this: the processors that have not signaled; those
 * that have not arrived, with the highest bit changing at each barrier, and all. */
static ULONG word(const void *at)
{
    return __atomic_load_n((const ULONG *)at, __ATOMIC_RELAXED);
}

static KDEFERRED_ROUTINE looks;

static VOID looks(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    const ULONG *barrier = b;
    ULONG        here = word(b);

    (void)dpc, (void)context;
    dt_expect_eq(barrier[1], CPUS);
    dt_expect(here >= 1 && here <= CPUS);
    KeSignalCallDpcSynchronize(b);
    here = word(b);
    dt_expect((here & ~0x80000000u) >= 1 && (here & 0x80000000u));
    dt_expect_eq(word(a), CPUS);
    KeSignalCallDpcSynchronize(b);
    dt_expect_eq(word(b), CPUS);
    dt_expect(word(a) >= 1);
    KeSignalCallDpcDone(a);
}

static void call_looks(void *ctx)
{
    (void)ctx;
    KeGenericCallDpc(looks, NULL);
}

static KDEFERRED_ROUTINE counts;

static VOID counts(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context;
    if (KeSignalCallDpcSynchronize(b))
        InterlockedIncrement(&s.ones);
    InterlockedIncrement(&s.calls);
    KeSignalCallDpcDone(a);
}

static void calls_dpc(void *ctx)
{
    (void)ctx;
    KeGenericCallDpc(counts, NULL);
}

/* Two calls at once: no processor waits for another that takes part in the other call. */
static void call_twice(void *ctx)
{
    (void)ctx;
    begin();
    dt_spawn(1, calls_dpc, NULL);
    calls_dpc(NULL);
    dt_join_all();
    dt_expect_eq(s.calls, 2 * CPUS);
    dt_expect_eq(s.ones, 2);
}

static void test_call(void **state)
{
    struct dt_config cfg = three();

    (void)state;
    passes_with(&cfg, call_dpc);
    always_with(&cfg, call_dpc, 1);
    always_with(&cfg, call_looks, 1);
    passes_with(&cfg, call_twice);
    always_with(&cfg, call_twice, 1);
}

static void call_at_dispatch(void *ctx) /* DPC-092 */
{
    KIRQL irql;

    (void)ctx;
    begin();
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeGenericCallDpc(routine, &s);
}

static KDEFERRED_ROUTINE never_done, done_twice;

static VOID never_done(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
}

static VOID done_twice(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)b;
    KeSignalCallDpcDone(a);
    KeSignalCallDpcDone(a);
}

static void call_never_done(void *ctx)
{
    (void)ctx;
    KeGenericCallDpc(never_done, NULL);
}

static void call_done_twice(void *ctx)
{
    (void)ctx;
    KeGenericCallDpc(done_twice, NULL);
}

static void test_call_misuse(void **state)
{
    struct dt_config one = config(1);

    (void)state;
    caught(call_at_dispatch, "DT-I01", 0x0A);
    if (simulated()) /* in real time the caller waits for ever */
        caught(call_never_done, "DT-L17", 0);
    caught_with(&one, call_done_twice, "DT-D16", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ipi),
        cmocka_unit_test(test_ipi_misuse),
        cmocka_unit_test(test_call),
        cmocka_unit_test(test_call_misuse),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
