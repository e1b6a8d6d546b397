/* SPDX-License-Identifier: MIT */
/* Which queue, which place in it, and when processing begins. DPC-034 .. DPC-053, DPC-083. */
#define PROCESSORS_MIN 2 /* the bodies name processors */

#include "../machine.h"

enum { DPCS = 8 };

static struct {
    KDPC     dpc[DPCS];
    KTIMER   timer;
    KEVENT   done;
    LONG     calls;
    int      order[2 * DPCS];
    unsigned cpu;
    dt_ns    at;
} s;

static KDEFERRED_ROUTINE note;

/* DPC-035: the context is the DPC's number, argument 1 the processor it must run on plus 1, or 0. */
static VOID note(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    LONG n = InterlockedIncrement(&s.calls) - 1;

    (void)dpc, (void)b;
    if (n < 2 * DPCS)
        s.order[n] = (int)(uintptr_t)context;
    ULONG cpu = KeGetCurrentProcessorNumberEx(NULL);

    __atomic_store_n(&s.cpu, cpu, __ATOMIC_RELAXED); /* two processors may be here at once */
    if ((uintptr_t)a >= 1 && (uintptr_t)a <= 64)
        dt_expect_eq(cpu, (uintptr_t)a - 1);
    __atomic_store_n(&s.at, dt_now(), __ATOMIC_RELAXED);
    KeSetEvent(&s.done, IO_NO_INCREMENT, FALSE);
}

static void begin(void)
{
    memset(&s, 0, sizeof s);
    for (int i = 0; i < DPCS; i++)
        KeInitializeDpc(&s.dpc[i], note, (PVOID)(uintptr_t)i);
    KeInitializeEvent(&s.done, NotificationEvent, FALSE);
    KeInitializeTimer(&s.timer);
}

static void expect_order(const char *digits)
{
    dt_expect_eq(s.calls, (int)strlen(digits));
    for (int i = 0; digits[i]; i++)
        dt_expect_eq(s.order[i], digits[i] - '0');
}

/* Queues DPC 0, 1, ... with the importances named by the letters l, m, M (MediumHigh), h, at DISPATCH_LEVEL. */
static void queue_all(const char *letters)
{
    for (int i = 0; letters[i]; i++) {
        const char *names = "lmhM";

        KeSetImportanceDpc(&s.dpc[i], (KDPC_IMPORTANCE)(strchr(names, letters[i]) - names));
        dt_expect(KeInsertQueueDpc(&s.dpc[i], NULL, NULL));
    }
}

static void order_of(const char *letters, const char *digits)
{
    KIRQL irql;

    begin();
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    queue_all(letters);
    dt_expect_eq(s.calls, 0);
    KeLowerIrql(irql);
    expect_order(digits);
}

/* DPC-042, DPC-043, DPC-044, DPC-051. */
static void orders(void *ctx)
{
    (void)ctx;
    order_of("mmh", "201");
    order_of("mhh", "210");
    order_of("lmM", "012");
    order_of("Mlm", "012");
    order_of("llhM", "2013");
    order_of("m", "0");
}

static void test_order(void **state)
{
    (void)state;
    passes(orders);
}

/* DPC-046: at any IRQL. DPC-049, DPC-053: on this processor all but Low begin at once, whatever they are. */
static void local_importance(void *ctx)
{
    static const KDPC_IMPORTANCE prompt[] = {MediumImportance, MediumHighImportance, HighImportance};
    KIRQL                        irql;

    (void)ctx;
    for (int i = 0; i < 3; i++) {
        begin();
        dt_expect_eq(s.dpc[0].Importance, MediumImportance);
        KeRaiseIrql(HIGH_LEVEL, &irql);
        KeSetImportanceDpc(&s.dpc[0], prompt[i]);
        KeLowerIrql(irql);
        KeInsertQueueDpc(&s.dpc[0], NULL, NULL);
        expect_order("0");
    }
}

/* DPC-047, DPC-051, DPC-052: Low does not begin by itself; it goes with the next one, in front of it. */
static void low_waits(void *ctx)
{
    (void)ctx;
    begin();
    KeSetImportanceDpc(&s.dpc[0], LowImportance);
    KeInsertQueueDpc(&s.dpc[0], NULL, NULL);
    if (simulated())
        dt_expect_eq(s.calls, 0);
    KeInsertQueueDpc(&s.dpc[1], NULL, NULL);
    expect_order("01");
}

static bool began_now, began_later;

/* DPC-047: a low rate of requests may let it begin at once: both are reached. */
static void low_either_way(void *ctx)
{
    (void)ctx;
    begin();
    KeSetImportanceDpc(&s.dpc[0], LowImportance);
    dt_ns from = dt_now();

    KeInsertQueueDpc(&s.dpc[0], NULL, NULL);
    LONG calls = __atomic_load_n(&s.calls, __ATOMIC_RELAXED); /* the tick may come on a thread of its own */

    if (calls && __atomic_load_n(&s.at, __ATOMIC_RELAXED) == from)
        began_now = true;
    else if (!calls)
        began_later = true;
    wait_for(&s.done);
    KeFlushQueuedDpcs();
    expect_order("0");
}

static void test_local(void **state)
{
    (void)state;
    passes(local_importance);
    passes(low_waits);
    began_now = began_later = false;
    always(low_either_way, 2);
    if (simulated())
        assert_true(began_now && began_later);
}

/* DPC-048: the fifth in the queue is one too many. */
static void deep(void *ctx)
{
    (void)ctx;
    begin();
    queue_all("llll");
    dt_expect_eq(s.calls, 0);
    KeSetImportanceDpc(&s.dpc[4], LowImportance);
    KeInsertQueueDpc(&s.dpc[4], NULL, NULL);
    expect_order("01234");
}

/* DPC-052: by the tick at the latest, also when timers of the processor are set and cancelled meanwhile. */
static void by_the_tick(void *ctx)
{
    (void)ctx;
    begin();
    KeSetImportanceDpc(&s.dpc[0], LowImportance);
    dt_ns from = dt_now();

    KeInsertQueueDpc(&s.dpc[0], NULL, NULL);
    KeSetTimer(&s.timer, in_ms(100), NULL);
    KeCancelTimer(&s.timer);
    KeSetTimer(&s.timer, in_ms(200), NULL);
    wait_for(&s.done);
    KeCancelTimer(&s.timer);
    if (simulated()) {
        dt_expect(s.at > from);
        dt_expect(s.at - from <= DT_MS(1));
    }
}

static void test_limits(void **state)
{
    struct dt_config exact = config(2);

    (void)state;
    if (simulated())
        passes(deep);
    passes(by_the_tick);
    exact.tick_100ns = DT_TICK_EXACT;
    passes_with(&exact, by_the_tick);
}

/* ---- another processor ---- */

static void inserts(void *ctx)
{
    PKDPC dpc = ctx;

    KeInsertQueueDpc(dpc, (PVOID)(uintptr_t)(dpc->Number ? dpc->Number - 0x500 + 1 : 2), NULL);
}

/* DPC-034, DPC-036: the inserting processor's queue, or the target's from anywhere. */
static void queues(void *ctx)
{
    (void)ctx;
    begin();
    dt_spawn(1, inserts, &s.dpc[0]);
    dt_join_all();
    dt_expect_eq(s.cpu, 1);
    KeSetTargetProcessorDpc(&s.dpc[1], 0);
    dt_spawn(1, inserts, &s.dpc[1]);
    KeSetTargetProcessorDpc(&s.dpc[2], 1);
    inserts(&s.dpc[2]);
    dt_join_all();
    KeFlushQueuedDpcs();
    dt_expect_eq(s.calls, 3);
}

/* DPC-038, DPC-039, DPC-040: impossible targets change nothing. */
static void targets(void *ctx)
{
    PROCESSOR_NUMBER one = {.Group = 0, .Number = 1}, two = {.Group = 0, .Number = 2},
                     group = {.Group = 1, .Number = 0};
    PROCESSOR_NUMBER reserved = {.Group = 0, .Number = 0, .Reserved = 1};

    (void)ctx;
    begin();
    dt_expect_eq(KeSetTargetProcessorDpcEx(&s.dpc[0], &one), STATUS_SUCCESS);
    KeSetTargetProcessorDpc(&s.dpc[0], 2);
    KeSetTargetProcessorDpc(&s.dpc[0], -1);
    dt_expect_eq(KeSetTargetProcessorDpcEx(&s.dpc[0], &two), (NTSTATUS)0xC000000D);
    dt_expect_eq(KeSetTargetProcessorDpcEx(&s.dpc[0], &group), STATUS_INVALID_PARAMETER);
    dt_expect_eq(KeSetTargetProcessorDpcEx(&s.dpc[0], &reserved), STATUS_INVALID_PARAMETER);
    KeInsertQueueDpc(&s.dpc[0], (PVOID)2, NULL);
    KeFlushQueuedDpcs();
    dt_expect_eq(s.cpu, 1);
}

/* DPC-041: a timer's DPC too. */
static void timer_target(void *ctx)
{
    (void)ctx;
    begin();
    KeSetTargetProcessorDpc(&s.dpc[0], 1);
    KeSetTimer(&s.timer, in_ms(2), &s.dpc[0]);
    wait_for(&s.done);
    KeFlushQueuedDpcs();
    dt_expect_eq(s.cpu, 1);
}

static void test_targets(void **state)
{
    (void)state;
    always(queues, 1);
    passes(targets);
    always(timer_target, 1);
}

/* DPC-050, DPC-052: at once there only if MediumHigh or High; Low and Medium wait for its tick. */
static void remote(KDPC_IMPORTANCE importance, bool at_once)
{
    begin();
    sleep_ms(2);
    KeStallExecutionProcessor(300);
    KeSetTargetProcessorDpc(&s.dpc[0], 1);
    KeSetImportanceDpc(&s.dpc[0], importance);
    dt_ns from = dt_now();

    KeInsertQueueDpc(&s.dpc[0], (PVOID)2, NULL);
    wait_for(&s.done);
    KeFlushQueuedDpcs();
    if (simulated() && at_once)
        dt_expect_eq(s.at, from);
    else if (simulated())
        dt_expect_eq(s.at % DT_MS(1), 0);
}

static void remote_importance(void *ctx)
{
    (void)ctx;
    remote(HighImportance, true);
    remote(MediumHighImportance, true);
    remote(MediumImportance, false);
    remote(LowImportance, false);
}

/* DPC-050: a deep queue begins at once. */
static void remote_deep(void *ctx)
{
    (void)ctx;
    begin();
    sleep_ms(2);
    KeStallExecutionProcessor(300);
    dt_ns from = dt_now();

    for (int i = 0; i < 5; i++) {
        KeSetTargetProcessorDpc(&s.dpc[i], 1);
        dt_expect_eq(s.calls, 0);
        KeInsertQueueDpc(&s.dpc[i], (PVOID)2, NULL);
    }
    wait_for(&s.done);
    KeFlushQueuedDpcs();
    dt_expect_eq(s.at, from);
    expect_order("01234");
}

static void test_remote(void **state)
{
    (void)state;
    passes(remote_importance);
    if (simulated())
        passes(remote_deep);
}

/* ---- changed while queued: no effect on that instance, and reported ---- */

/* DPC-037, DPC-045. */
static void target_changed(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin();
    KeSetTargetProcessorDpc(&s.dpc[0], 0);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeInsertQueueDpc(&s.dpc[0], (PVOID)1, NULL);
    KeSetTargetProcessorDpc(&s.dpc[0], 1);
    KeLowerIrql(irql);
    dt_expect_eq(s.calls, 1);
    dt_expect_eq(s.cpu, 0);
}

static void importance_changed(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin();
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    queue_all("mm");
    KeSetImportanceDpc(&s.dpc[1], HighImportance);
    KeLowerIrql(irql);
    expect_order("01");
}

static void test_changed(void **state)
{
    struct dt_config cfg = config(2);

    (void)state;
    cfg.faithful = true;
    passes_with(&cfg, target_changed);
    passes_with(&cfg, importance_changed);
    caught(target_changed, "DT-D02", 0);
    caught(importance_changed, "DT-D02", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_local),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_targets),
        cmocka_unit_test(test_remote),
        cmocka_unit_test(test_changed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
