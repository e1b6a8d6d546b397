/* SPDX-License-Identifier: MIT */
/* KeFlushQueuedDpcs: exactly what was queued or running at the call. DPC-027 .. DPC-033. */
#define PROCESSORS_MIN 2 /* the bodies name processors */

#include "../machine.h"

static struct {
    KDPC          dpc, other;
    KEVENT        done;
    LONG          calls, inside, removed;
    volatile LONG started, released, ended, stop, busy;
} s;

static KDEFERRED_ROUTINE count;

static VOID count(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    InterlockedIncrement(&s.inside);
    KeReadStateEvent(&s.done);
    InterlockedIncrement(&s.calls);
    KeReadStateEvent(&s.done);
    InterlockedDecrement(&s.inside);
}

static void begin(PKDEFERRED_ROUTINE routine)
{
    memset(&s, 0, sizeof s);
    KeInitializeDpc(&s.dpc, routine, &s);
    KeInitializeDpc(&s.other, routine, &s);
    KeInitializeEvent(&s.done, NotificationEvent, FALSE);
}

/* DPC-027, DPC-031: every processor's, also those that were put off. */
static void all_done(void *ctx)
{
    (void)ctx;
    begin(count);
    KeSetTargetProcessorDpc(&s.dpc, 1);
    KeSetImportanceDpc(&s.other, LowImportance);
    KeInsertQueueDpc(&s.dpc, NULL, NULL);
    KeInsertQueueDpc(&s.other, NULL, NULL);
    KeFlushQueuedDpcs();
    dt_expect_eq(s.calls, 2);
    dt_expect_eq(s.inside, 0);
}

/* DPC-031: it does not wait for the tick either. */
static void at_once(void *ctx)
{
    dt_ns from = dt_now();

    all_done(ctx);
    dt_expect_eq(dt_now(), from);
}

/* DPC-032. */
static void twice(void *ctx)
{
    (void)ctx;
    begin(count);
    KeFlushQueuedDpcs();
    KeFlushQueuedDpcs();
    KeInsertQueueDpc(&s.dpc, NULL, NULL);
    KeFlushQueuedDpcs();
    KeFlushQueuedDpcs();
    dt_expect_eq(s.calls, 1);
}

static void test_all(void **state)
{
    (void)state;
    passes(all_done);
    always(all_done, 2);
    if (simulated())
        passes(at_once);
    passes(twice);
}

/* DPC-028: one that had started. */
static KDEFERRED_ROUTINE slow;

static VOID slow(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    InterlockedExchange(&s.started, 1);
    for (int i = 0; i < 5; i++)
        KeReadStateEvent(&s.done);
    if (!simulated())
        KeStallExecutionProcessor(80);
    InterlockedExchange(&s.ended, 1);
}

static void started_before(void *ctx)
{
    (void)ctx;
    begin(slow);
    KeSetTargetProcessorDpc(&s.dpc, 1);
    KeSetImportanceDpc(&s.dpc, HighImportance);
    KeInsertQueueDpc(&s.dpc, NULL, NULL);
    while (!ReadNoFence(&s.started))
        YieldProcessor();
    KeFlushQueuedDpcs();
    dt_expect(s.ended);
}

static void test_running(void **state)
{
    (void)state;
    passes(started_before);
    always(started_before, 2);
}

/* DPC-029: one that queues itself again and again does not hold up the flush, on either processor's view. */
static KDEFERRED_ROUTINE forever;

static VOID forever(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)context, (void)a, (void)b;
    InterlockedIncrement(&s.calls);
    if (!ReadNoFence(&s.stop))
        KeInsertQueueDpc(dpc, NULL, NULL);
}

static void self_requeuing(void *ctx)
{
    (void)ctx;
    begin(forever);
    KeSetTargetProcessorDpc(&s.dpc, 1);
    KeSetImportanceDpc(&s.dpc, HighImportance);
    KeInsertQueueDpc(&s.dpc, NULL, NULL);
    KeFlushQueuedDpcs();
    dt_expect(InterlockedOr(&s.calls, 0) >= 1);
    InterlockedExchange(&s.stop, 1);
    KeFlushQueuedDpcs(); /* it may have looked at stop before and have queued itself since */
    KeFlushQueuedDpcs();
    dt_expect(!KeRemoveQueueDpc(&s.dpc));
}

static void test_self(void **state)
{
    (void)state;
    passes(self_requeuing);
    always(self_requeuing, 1);
}

/* DPC-027: who is removed is not waited for. */
static void removes(void *ctx)
{
    (void)ctx;
    if (KeRemoveQueueDpc(&s.dpc))
        InterlockedIncrement(&s.removed);
}

static bool removed_seen;

static void removed_meanwhile(void *ctx)
{
    (void)ctx;
    begin(count);
    KeSetImportanceDpc(&s.dpc, LowImportance);
    KeSetTargetProcessorDpc(&s.dpc, 1);
    KeInsertQueueDpc(&s.dpc, NULL, NULL);
    dt_spawn(2, removes, NULL);
    KeFlushQueuedDpcs();
    dt_join_all();
    dt_expect_eq(s.calls + s.removed, 1);
    if (s.removed)
        removed_seen = true;
}

static void test_removed(void **state)
{
    struct dt_config three = config(3);

    (void)state;
    removed_seen = false;
    always_with(&three, removed_meanwhile, 2);
    if (simulated())
        assert_true(removed_seen);
}

/* ---- misuse ---- */

static void at_level(KIRQL level)
{
    KIRQL irql;

    KeRaiseIrql(level, &irql);
    KeFlushQueuedDpcs();
    KeLowerIrql(irql);
}

static void at_apc(void *ctx) /* DPC-030 */
{
    (void)ctx;
    at_level(APC_LEVEL);
}

static void at_dispatch(void *ctx) /* DPC-030 */
{
    (void)ctx;
    at_level(DISPATCH_LEVEL);
}

/* DPC-033: the DPC spins for what the thread that flushes holds. */
static KDEFERRED_ROUTINE spins;

static VOID spins(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    while (InterlockedExchange(&s.busy, 1))
        YieldProcessor();
    s.calls++;
    InterlockedExchange(&s.busy, 0);
}

static void flush_holding(bool release_first)
{
    begin(spins);
    InterlockedExchange(&s.busy, 1);
    KeSetTargetProcessorDpc(&s.dpc, 1);
    KeSetImportanceDpc(&s.dpc, HighImportance);
    KeInsertQueueDpc(&s.dpc, NULL, NULL);
    if (release_first)
        InterlockedExchange(&s.busy, 0);
    KeFlushQueuedDpcs();
    dt_expect_eq(s.calls, 1);
}

static void held(void *ctx)
{
    (void)ctx;
    flush_holding(false);
}

static void not_held(void *ctx)
{
    (void)ctx;
    flush_holding(true);
}

static void test_misuse(void **state)
{
    (void)state;
    caught(at_apc, "DT-I01", 0x0A);
    caught(at_dispatch, "DT-I01", 0x0A);
    if (simulated()) /* in real time the machine just stands still */
        caught(held, "DT-X04", 0);
    always(not_held, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all),
        cmocka_unit_test(test_running),
        cmocka_unit_test(test_self),
        cmocka_unit_test(test_removed),
        cmocka_unit_test(test_misuse),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
