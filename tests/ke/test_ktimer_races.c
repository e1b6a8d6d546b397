/* SPDX-License-Identifier: MIT */
/* KTIMER against its own DPC, other processors, and itself: what a set or cancel does not undo, who runs the DPC. */
#define PROCESSORS_MIN 2 /* the bodies name processors */

#include "ktimer.h"

/* ---- one processor held at DISPATCH_LEVEL: expired, DPC queued, not run ---- */

/* KTM-042: a set does not withdraw the DPC. KTM-066: neither does a cancel; both return FALSE. KTM-065, KTM-069. */
static void queued_dpc_stays(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    for (unsigned i = 0; i < 2; i++) {
        begin(0);
        KeRaiseIrql(DISPATCH_LEVEL, &irql);
        KeSetTimer(&s.timer, in_ms(2), &s.dpc);
        stall_ms(4);
        dt_expect_eq(s.calls, 0);
        dt_expect(KeReadStateTimer(&s.timer));
        if (i)
            dt_expect(!KeSetTimer(&s.timer, in_ms(100000), &s.dpc));
        else
            dt_expect(!KeCancelTimer(&s.timer));
        KeLowerIrql(irql);
        dt_expect_eq(s.calls, 1);
        end();
    }
}

/* KTM-066: KeRemoveQueueDpc is what withdraws it. */
static void removed(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin(0);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeSetTimer(&s.timer, in_ms(2), &s.dpc);
    stall_ms(4);
    dt_expect(!KeCancelTimer(&s.timer));
    dt_expect(KeRemoveQueueDpc(&s.dpc));
    KeLowerIrql(irql);
    KeFlushQueuedDpcs();
    dt_expect_eq(s.calls, 0);
}

/* KTM-067: periodic: TRUE although the DPC is queued, and it runs. KTM-068. */
static void periodic_cancel(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin(0);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeSetTimerEx(&s.timer, in_ms(2), 2, &s.dpc);
    stall_ms(5);
    dt_expect_eq(s.calls, 0);
    dt_expect(KeCancelTimer(&s.timer));
    dt_expect(!KeCancelTimer(&s.timer));
    KeLowerIrql(irql);
    dt_expect_eq(s.calls, 1);
    sleep_ms(10);
    dt_expect_eq(s.calls, 1);
}

/* KTM-100: the same for a coalescable timer set again. */
static void coalescable_again(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin(0);
    dt_expect(!KeSetCoalescableTimer(&s.timer, in_ms(100000), 0, 32, &s.dpc));
    dt_expect(KeSetCoalescableTimer(&s.timer, in_ms(2), 0, 32, &s.dpc)); /* before the due time: it cancels the first */
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    stall_ms(60);
    dt_expect_eq(s.calls, 0);
    dt_expect(!KeSetCoalescableTimer(&s.timer, in_ms(100000), 0, 32, &s.dpc));
    KeLowerIrql(irql);
    dt_expect_eq(s.calls, 1);
    end();
}

static void test_held_at_dispatch(void **state)
{
    struct dt_config cfg = config(1);

    (void)state;
    if (!simulated())
        return; /* whether the host has delivered the clock interrupt by then is its affair */
    passes_with(&cfg, queued_dpc_stays);
    passes_with(&cfg, removed);
    passes_with(&cfg, periodic_cancel);
    passes_with(&cfg, coalescable_again);
}

/* ---- KTM-049: which processor calls the DPC ---- */

static LONG other_up, let_go;

static void stays_at_dispatch(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    InterlockedExchange(&other_up, 1);
    while (!InterlockedCompareExchange(&let_go, 0, 0))
        KeStallExecutionProcessor(500);
    KeLowerIrql(irql);
}

static void held_everywhere(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin(0);
    other_up = let_go = 0;
    dt_spawn(1, stays_at_dispatch, NULL);
    while (!InterlockedCompareExchange(&other_up, 0, 0))
        sleep_ms(1);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeSetTimer(&s.timer, in_ms(2), &s.dpc);
    stall_ms(6);
    dt_expect_eq(s.calls, 0);
    KeLowerIrql(irql);
    dt_expect_eq(s.calls, 1); /* here, for this one fell first */
    InterlockedExchange(&let_go, 1);
    dt_join_all();
}

static void held_here_only(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin(0);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeSetTimer(&s.timer, in_ms(2), &s.dpc);
    stall_ms(6);
    dt_expect_eq(s.calls, 1);
    KeLowerIrql(irql);
}

static void test_prompt(void **state)
{
    (void)state;
    if (!simulated())
        return;
    faithful(held_everywhere, 2);
    passes(held_here_only);
}

/* ---- a DPC that runs ---- */

static bool cancelled_while_running;
static LONG running, ended;

static KDEFERRED_ROUTINE lingers;

static VOID lingers(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    InterlockedIncrement(&running);
    tick(dpc, context, a, b);
    KeReadStateTimer(&s.timer); /* points: the cancel may come and return here */
    KeReadStateTimer(&s.timer);
    InterlockedDecrement(&running);
    InterlockedIncrement(&ended);
}

/* KTM-072: a running DPC runs to its end, and KeCancelTimer does not wait for that. */
static void cancels_at_any_time(void *ctx)
{
    (void)ctx;
    BOOLEAN was_set = KeCancelTimer(&s.timer);

    if (running)
        cancelled_while_running = true;
    KeFlushQueuedDpcs();
    dt_expect_eq(running, 0);
    dt_expect_eq(ended, was_set ? 0 : 1);
}

static void cancel_while_running(void *ctx)
{
    (void)ctx;
    begin(0);
    KeInitializeDpc(&s.dpc, lingers, &s);
    running = ended = 0;
    KeSetTimer(&s.timer, in_ms(1), &s.dpc);
    dt_spawn(1, cancels_at_any_time, NULL);
    dt_join_all();
}

static void test_cancel_while_running(void **state)
{
    (void)state;
    cancelled_while_running = false;
    reached(cancel_while_running, 3, &cancelled_while_running);
}

/* KTM-074: periodic: after the cancel and the flush nothing of it is queued or runs, on any processor. */
static void cancels_and_flushes(void *ctx)
{
    (void)ctx;
    KeCancelTimer(&s.timer);
    KeFlushQueuedDpcs();
    dt_expect_eq(running, 0);
    LONG calls = s.calls;

    sleep_ms(5);
    dt_expect_eq(s.calls, calls);
    dt_expect(!KeRemoveQueueDpc(&s.dpc));
}

static void cancel_and_flush(void *ctx)
{
    (void)ctx;
    begin(0);
    KeInitializeDpc(&s.dpc, lingers, &s);
    running = ended = 0;
    KeSetTimerEx(&s.timer, in_ms(1), 1, &s.dpc);
    dt_spawn(1, cancels_and_flushes, NULL);
    dt_join_all();
}

static void test_cancel_and_flush(void **state)
{
    (void)state;
    always(cancel_and_flush, 2);
}

/* KTM-108, KTM-072: cancelled by its own DPC: TRUE, and no later expiration but one that is under way already. */
static KDEFERRED_ROUTINE cancels_itself;

static VOID cancels_itself(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    BOOLEAN was_set = KeCancelTimer(&s.timer);

    tick(dpc, context, a, b);
    if (was_set)
        s.result = TRUE;
}

static void cancelled_by_itself(void *ctx)
{
    (void)ctx;
    begin(1);
    KeInitializeDpc(&s.dpc, cancels_itself, &s);
    KeSetTimerEx(&s.timer, in_ms(1), 1, &s.dpc);
    wait_for(&s.done);
    KeFlushQueuedDpcs();
    dt_expect(s.result);
    LONG calls = s.calls;

    sleep_ms(10);
    dt_expect_eq(s.calls, calls);
}

static void test_cancelled_by_itself(void **state)
{
    (void)state;
    always(cancelled_by_itself, 2);
}

/* ---- without synchronisation ---- */

/* KTM-090: a read beside a set sees the state before or after it. */
static bool saw_before, saw_after;

static void sets(void *ctx)
{
    (void)ctx;
    KeSetTimer(&s.timer, in_100ns(MAXLONGLONG), NULL);
}

static void read_beside_set(void *ctx)
{
    (void)ctx;
    begin(0);
    KeSetTimer(&s.timer, in_100ns(0), NULL);
    while (!KeReadStateTimer(&s.timer))
        sleep_ms(1);
    dt_spawn(1, sets, NULL);
    if (KeReadStateTimer(&s.timer))
        saw_before = true;
    else
        saw_after = true;
    dt_join_all();
    dt_expect(!KeReadStateTimer(&s.timer));
    end();
}

static void test_read_beside_set(void **state)
{
    (void)state;
    saw_before = saw_after = false;
    reached(read_beside_set, 2, &saw_before);
    assert_true(saw_after || !simulated());
}

/* KTM-101: one-shots: no more DPC calls than sets less cancels that said TRUE less sets that said TRUE. */
static LONG sets_done, undone;

static void set_once(int64_t ms)
{
    InterlockedIncrement(&sets_done);
    if (KeSetTimer(&s.timer, in_ms(ms), &s.dpc))
        InterlockedIncrement(&undone);
}

static void sets_too(void *ctx)
{
    (void)ctx;
    set_once(2);
}

static void in_a_loop(unsigned rounds)
{
    begin(0);
    sets_done = undone = 0;
    dt_spawn(1, sets_too, NULL);
    for (unsigned i = 0; i < rounds; i++) {
        set_once(1);
        if (KeCancelTimer(&s.timer))
            InterlockedIncrement(&undone);
        set_once(1);
    }
    dt_join_all();
    while (KeCancelTimer(&s.timer))
        undone++;
    KeFlushQueuedDpcs();
    dt_expect(s.calls <= sets_done - undone);
}

static void short_loop(void *ctx)
{
    (void)ctx;
    in_a_loop(1);
}

static void long_loop(void *ctx)
{
    (void)ctx;
    in_a_loop(2000);
}

static void test_invariant(void **state)
{
    (void)state;
    always(short_loop, 2);
    passes(long_loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_held_at_dispatch),
        cmocka_unit_test(test_prompt),
        cmocka_unit_test(test_cancel_while_running),
        cmocka_unit_test(test_cancel_and_flush),
        cmocka_unit_test(test_cancelled_by_itself),
        cmocka_unit_test(test_read_beside_set),
        cmocka_unit_test(test_invariant),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
