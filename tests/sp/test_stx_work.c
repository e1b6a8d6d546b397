/* SPDX-License-Identifier: MIT */
/* StorPort's work items, threads, events, waits and delays. */
#include "sp/stx.h"

static STOR_EVENT    done, go_on;
static PVOID         worker;
static volatile LONG calls;
static NTSTATUS      seen;

static void await(PVOID event)
{
    dt_expect_eq(StorPortWaitForSingleObject(ext_of(mini_stor), event, FALSE, NULL), STOR_STATUS_SUCCESS);
}

static void events(struct mini_ext *e)
{
    dt_expect_eq(StorPortInitializeEvent(e, &done, StorSynchronizationEvent, FALSE), STOR_STATUS_SUCCESS);
    dt_expect_eq(StorPortInitializeEvent(e, &go_on, StorSynchronizationEvent, FALSE), STOR_STATUS_SUCCESS);
    calls = 0;
}

/* ---- work items ---- */

static HW_WORKITEM on_work, on_work_again, on_work_free, on_work_slow;

/* STX-022: PASSIVE_LEVEL, no lock, the adapter, the context, the item. */
VOID on_work(PVOID ext, PVOID context, PVOID w)
{
    dt_expect_eq(KeGetCurrentIrql(), PASSIVE_LEVEL);
    dt_expect_eq(dt_stor_locks_held(mini_stor), 0);
    dt_expect(ext == dt_stor_extension(mini_stor) && context == &calls && w == worker);
    InterlockedIncrement(&calls);
    StorPortSetEvent(ext, &done);
}

/* STX-020, STX-021: results. */
static void worker_results(void *ctx)
{
    struct mini_ext *e = bare();
    int              local;

    (void)ctx;
    events(e);
    dt_expect_eq(StorPortInitializeWorker(NULL, &worker), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortInitializeWorker(e, NULL), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(AT_IRQL(DISPATCH_LEVEL, StorPortInitializeWorker(e, &worker)), STOR_STATUS_SUCCESS);
    dt_expect_eq(StorPortQueueWorkItem(e, NULL, worker, NULL), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortQueueWorkItem(e, on_work, NULL, NULL), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortQueueWorkItem(e, on_work, &local, NULL), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(
        AT_IRQL(DISPATCH_LEVEL, StorPortQueueWorkItem(e, on_work, worker, (PVOID)&calls)), STOR_STATUS_SUCCESS);
    await(&done);
    dt_expect_eq(calls, 1);
    dt_expect_eq(StorPortFreeWorker(e, NULL), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortFreeWorker(e, worker), STOR_STATUS_SUCCESS);
    dt_expect_eq(StorPortFreeWorker(e, worker), STOR_STATUS_UNSUCCESSFUL); /* STX-023 */
    bare_over();
}

/* STX-021, STX-023: while it is queued it is BUSY; at DISPATCH_LEVEL no worker thread gets in between on one processor. */
static void worker_busy(void *ctx)
{
    struct mini_ext *e = bare();
    KIRQL            old;

    (void)ctx;
    events(e);
    StorPortInitializeWorker(e, &worker);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    dt_expect_eq(StorPortQueueWorkItem(e, on_work, worker, (PVOID)&calls), STOR_STATUS_SUCCESS);
    dt_expect_eq(StorPortQueueWorkItem(e, on_work, worker, (PVOID)&calls), STOR_STATUS_BUSY);
    dt_expect_eq(StorPortFreeWorker(e, worker), STOR_STATUS_BUSY);
    KeLowerIrql(old);
    await(&done);
    dt_expect_eq(calls, 1);
    dt_expect_eq(StorPortFreeWorker(e, worker), STOR_STATUS_SUCCESS);
    bare_over();
}

/* STX-022: queued again from inside, three times. */
VOID on_work_again(PVOID ext, PVOID context, PVOID w)
{
    (void)context;
    if (InterlockedIncrement(&calls) < 3)
        dt_expect_eq(StorPortQueueWorkItem(ext, on_work_again, w, NULL), STOR_STATUS_SUCCESS);
    else
        StorPortSetEvent(ext, &done);
}

static void worker_again(void *ctx)
{
    struct mini_ext *e = bare();

    (void)ctx;
    events(e);
    StorPortInitializeWorker(e, &worker);
    StorPortQueueWorkItem(e, on_work_again, worker, NULL);
    await(&done);
    dt_expect_eq(calls, 3);
    dt_expect_eq(StorPortFreeWorker(e, worker), STOR_STATUS_SUCCESS);
    bare_over();
}

/* STX-022: freed inside. */
VOID on_work_free(PVOID ext, PVOID context, PVOID w)
{
    (void)context;
    dt_expect_eq(StorPortFreeWorker(ext, w), STOR_STATUS_SUCCESS);
    StorPortSetEvent(ext, &done);
}

static void worker_frees(void *ctx)
{
    struct mini_ext *e = bare();

    (void)ctx;
    events(e);
    StorPortInitializeWorker(e, &worker);
    StorPortQueueWorkItem(e, on_work_free, worker, NULL);
    await(&done);
    bare_over();
}

/* STX-024: the first waits for the second, on another thread. */
VOID on_work_slow(PVOID ext, PVOID context, PVOID w)
{
    (void)w;
    if (context)
        StorPortSetEvent(ext, &go_on);
    else {
        await(&go_on);
        StorPortSetEvent(ext, &done);
    }
}

static void workers_parallel(void *ctx)
{
    struct mini_ext *e = bare();
    PVOID            second;

    (void)ctx;
    events(e);
    StorPortInitializeWorker(e, &worker);
    StorPortInitializeWorker(e, &second);
    StorPortQueueWorkItem(e, on_work_slow, worker, NULL);
    StorPortQueueWorkItem(e, on_work_slow, second, e);
    await(&done);
    StorPortFreeWorker(e, worker);
    StorPortFreeWorker(e, second);
    bare_over();
}

/* STX-021: removal waits for what is queued; what comes later is refused. */
static void while_removed(struct mini_ext *e)
{
    seen = (NTSTATUS)StorPortQueueWorkItem(e, on_work, worker, (PVOID)&calls);
    StorPortFreeWorker(e, worker);
}

static void worker_removal(void *ctx)
{
    struct mini_ext *e = ext_of(go(&(struct mini){.freed = while_removed}));

    (void)ctx;
    events(e);
    StorPortInitializeWorker(e, &worker);
    StorPortQueueWorkItem(e, on_work, worker, (PVOID)&calls);
    bare_over();
    dt_expect_eq(calls, 1);
    dt_expect_eq(seen, (NTSTATUS)STOR_STATUS_INVALID_DEVICE_STATE);
}

/* STX-020, STX-021, STX-023: the level. */
static void worker_high(void *ctx)
{
    struct mini_ext *e = bare();

    (void)ctx;
    dt_expect_eq(AT_IRQL(DIRQL_TEST, StorPortInitializeWorker(e, &worker)), STOR_STATUS_INVALID_IRQL);
    StorPortInitializeWorker(e, &worker);
    dt_expect_eq(AT_IRQL(DIRQL_TEST, StorPortQueueWorkItem(e, on_work, worker, NULL)), STOR_STATUS_INVALID_IRQL);
    dt_expect_eq(AT_IRQL(DIRQL_TEST, StorPortFreeWorker(e, worker)), STOR_STATUS_INVALID_IRQL);
    StorPortFreeWorker(e, worker);
    bare_over();
}

static void worker_leaks(void *ctx)
{
    (void)ctx;
    StorPortInitializeWorker(bare(), &worker);
    bare_over();
}

static void work_items(void **state)
{
    struct dt_config one = config(1);

    (void)state;
    passes(worker_results);
    passes_with(&one, worker_busy);
    always(worker_again, 1);
    always(worker_frees, 1);
    always(worker_removal, 1);
    passes(workers_parallel);
    warned(worker_high, "DT-S12");
    warned(worker_leaks, "DT-S03");
}

/* ---- threads ---- */

static STOR_THREAD_START_ROUTINE on_thread, on_thread_returns, on_thread_affinity;

VOID on_thread(PVOID context)
{
    struct mini_ext *e = context;

    dt_expect_eq(KeGetCurrentIrql(), PASSIVE_LEVEL);
    InterlockedIncrement(&calls);
    StorPortSetEvent(e, &done);
    await(&go_on);
    StorPortSetEvent(e, &done);
    StorPortTerminateSystemThread(e, NULL);
    dt_expect(FALSE);
}

/* A thread has ended when its place is free again. */
static void end_thread(struct mini_ext *e)
{
    StorPortSetEvent(e, &go_on);
    await(&done);
    settle();
}

/* STX-025: so many as there are processors; the priorities that there are. */
static void threads(void *ctx)
{
    struct mini_ext     *e = bare();
    STOR_THREAD_PRIORITY p = StorThreadPriorityCritical, bad = (STOR_THREAD_PRIORITY)9;
    PVOID                t[3];

    (void)ctx;
    events(e);
    dt_expect_eq(StorPortCreateSystemThread(e, NULL, e, NULL, &t[0]), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortCreateSystemThread(e, on_thread, e, &bad, &t[0]), STOR_STATUS_INVALID_PARAMETER);
    for (int i = 0; i < 2; i++) {
        dt_expect_eq(StorPortCreateSystemThread(e, on_thread, e, i ? &p : NULL, &t[i]), STOR_STATUS_SUCCESS);
        await(&done);
    }
    dt_expect_eq(calls, 2);
    dt_expect_eq(StorPortCreateSystemThread(e, on_thread, e, NULL, &t[2]), STOR_STATUS_UNSUCCESSFUL);
    dt_expect_eq(StorPortSetPriorityThread(e, t[0], StorThreadPriorityRealTime), STOR_STATUS_SUCCESS); /* STX-027 */
    dt_expect_eq(StorPortSetPriorityThread(e, t[0], bad), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortSetPriorityThread(e, e, StorThreadPriorityNormal), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortTerminateSystemThread(e, t[0]), STOR_STATUS_INVALID_PARAMETER); /* it is not the caller */
    end_thread(e);
    end_thread(e);
    bare_over();
}

/* STX-026 */
VOID on_thread_returns(PVOID context)
{
    (void)context;
}

static void thread_returns(void *ctx)
{
    struct mini_ext *e = bare();

    (void)ctx;
    events(e);
    StorPortCreateSystemThread(e, on_thread_returns, e, NULL, NULL);
    sleep_ms(simulated() ? 20 : 2000);
    bare_over();
}

static void thread_lives(void *ctx)
{
    struct mini_ext *e = bare();

    (void)ctx;
    events(e);
    StorPortCreateSystemThread(e, on_thread, e, NULL, NULL);
    await(&done);
    bare_over();
}

/* STX-027 */
static void thread_priority_high(void *ctx)
{
    struct mini_ext *e = bare();
    PVOID            t;

    (void)ctx;
    events(e);
    StorPortCreateSystemThread(e, on_thread, e, NULL, &t);
    await(&done);
    dt_expect_eq(
        AT_IRQL(APC_LEVEL, StorPortSetPriorityThread(e, t, StorThreadPriorityNormal)), STOR_STATUS_INVALID_IRQL);
    end_thread(e);
    bare_over();
}

/* STX-028: at once below DISPATCH_LEVEL; what is invalid changes nothing. */
VOID on_thread_affinity(PVOID context)
{
    struct mini_ext    *e = context;
    STOR_GROUP_AFFINITY second = {.Mask = 2}, bad = {.Mask = 1, .Group = 9}, none = {.Mask = 0}, before = {.Mask = 77};

    dt_expect_eq(StorPortSetSystemGroupAffinityThread(e, NULL, &second, &before), STOR_STATUS_SUCCESS);
    dt_expect_eq(KeGetCurrentProcessorNumber(), 1);
    before.Mask = 77;
    dt_expect_eq(StorPortSetSystemGroupAffinityThread(e, NULL, &bad, &before), STOR_STATUS_INVALID_PARAMETER);
    dt_expect(before.Mask == 0 && before.Group == 0);
    dt_expect_eq(StorPortSetSystemGroupAffinityThread(e, NULL, &none, NULL), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(KeGetCurrentProcessorNumber(), 1);
    dt_expect_eq(StorPortRevertToUserGroupAffinityThread(e, NULL, &before), STOR_STATUS_SUCCESS);
    StorPortSetEvent(e, &done);
    StorPortTerminateSystemThread(e, NULL);
}

static void affinity(void *ctx)
{
    struct mini_ext *e = bare();

    (void)ctx;
    events(e);
    StorPortCreateSystemThread(e, on_thread_affinity, e, NULL, NULL);
    await(&done);
    settle();
    bare_over();
}

/* STX-028: at DISPATCH_LEVEL the thread moves when the level is lowered. */
static void affinity_late(void *ctx)
{
    struct mini_ext    *e = bare();
    STOR_GROUP_AFFINITY first = {.Mask = 1}, second = {.Mask = 2}, before;
    KIRQL               old;

    (void)ctx;
    StorPortSetSystemGroupAffinityThread(e, NULL, &first, &before);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    dt_expect_eq(StorPortSetSystemGroupAffinityThread(e, NULL, &second, NULL), STOR_STATUS_SUCCESS);
    dt_expect_eq(KeGetCurrentProcessorNumber(), 0);
    KeLowerIrql(old);
    dt_expect_eq(KeGetCurrentProcessorNumber(), 1);
    StorPortRevertToUserGroupAffinityThread(e, NULL, &before);
    bare_over();
}

static void system_threads(void **state)
{
    (void)state;
    passes(threads);
    passes(affinity);
    passes(affinity_late);
    caught(thread_returns, "DT-S13", ANY_CODE);
    caught(thread_lives, "DT-S03", ANY_CODE);
    warned(thread_priority_high, "DT-S12");
}

/* ---- events and waits ---- */

/* STX-029: both types, both states. */
static void event_types(void *ctx)
{
    struct mini_ext *e = bare();
    LARGE_INTEGER    now = {.QuadPart = 0};
    STOR_EVENT       note, sync;

    (void)ctx;
    dt_expect_eq(StorPortInitializeEvent(e, NULL, StorNotificationEvent, TRUE), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortInitializeEvent(e, &note, StorNotificationEvent, TRUE), STOR_STATUS_SUCCESS);
    dt_expect_eq(StorPortInitializeEvent(e, &sync, StorSynchronizationEvent, TRUE), STOR_STATUS_SUCCESS);
    for (int i = 0; i < 2; i++)
        dt_expect_eq(StorPortWaitForSingleObject(e, &note, FALSE, &now), STOR_STATUS_SUCCESS);
    dt_expect_eq(StorPortWaitForSingleObject(e, &sync, FALSE, &now), STOR_STATUS_SUCCESS);
    dt_expect_eq(StorPortWaitForSingleObject(e, &sync, FALSE, &now), STOR_STATUS_UNSUCCESSFUL);
    dt_expect_eq(AT_IRQL(DISPATCH_LEVEL, StorPortSetEvent(e, &sync)), STOR_STATUS_SUCCESS);
    dt_expect_eq(StorPortWaitForSingleObject(e, &sync, FALSE, &now), STOR_STATUS_SUCCESS);
    dt_expect_eq(StorPortSetEvent(e, NULL), STOR_STATUS_INVALID_PARAMETER);
    bare_over();
}

/* STX-030: relative and absolute; a time-out is told from success; zero at DISPATCH_LEVEL. */
static void waits(void *ctx)
{
    struct mini_ext *e = bare();
    LARGE_INTEGER    zero = {.QuadPart = 0}, t = in_ms(5), before, after;

    (void)ctx;
    events(e);
    KeQuerySystemTimePrecise(&before);
    dt_expect_eq(StorPortWaitForSingleObject(e, &done, FALSE, &t), STOR_STATUS_UNSUCCESSFUL);
    KeQuerySystemTimePrecise(&after);
    dt_expect(after.QuadPart - before.QuadPart >= 50000 - (LONGLONG)KeQueryTimeIncrement()); /* counted in ticks */
    t.QuadPart = after.QuadPart + 50000;
    dt_expect_eq(StorPortWaitForSingleObject(e, &done, FALSE, &t), STOR_STATUS_UNSUCCESSFUL);
    KeQuerySystemTimePrecise(&after);
    dt_expect(after.QuadPart >= t.QuadPart);
    dt_expect_eq(
        AT_IRQL(DISPATCH_LEVEL, StorPortWaitForSingleObject(e, &done, FALSE, &zero)), STOR_STATUS_UNSUCCESSFUL);
    dt_expect_eq(StorPortWaitForSingleObject(e, NULL, FALSE, &zero), STOR_STATUS_INVALID_PARAMETER);
    bare_over();
}

static void wait_high(void *ctx)
{
    struct mini_ext *e = bare();
    LARGE_INTEGER    t = in_ms(1);

    (void)ctx;
    events(e);
    dt_expect_eq(AT_IRQL(DISPATCH_LEVEL, StorPortWaitForSingleObject(e, &done, FALSE, &t)), STOR_STATUS_INVALID_IRQL);
    dt_expect_eq(AT_IRQL(DISPATCH_LEVEL, StorPortWaitForSingleObject(e, &done, FALSE, NULL)), STOR_STATUS_INVALID_IRQL);
    dt_expect_eq(AT_IRQL(DIRQL_TEST, StorPortSetEvent(e, &done)), STOR_STATUS_INVALID_IRQL); /* STX-029 */
    bare_over();
}

static void events_and_waits(void **state)
{
    (void)state;
    passes(event_types);
    passes(waits);
    warned(wait_high, "DT-S12");
}

/* ---- delays ---- */

static void other_thread(void *ctx)
{
    (void)ctx;
    InterlockedIncrement(&calls);
}

/* STX-031: below DISPATCH_LEVEL others run on the same processor, above it time passes and nobody does. */
static void delays(void *ctx)
{
    struct mini_ext *e = bare();
    KIRQL            old;
    LARGE_INTEGER    before, after;

    (void)ctx;
    events(e);
    KeSetSystemAffinityThread(1);
    dt_spawn(0, other_thread, NULL);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeQuerySystemTimePrecise(&before);
    LONG n = ReadNoFence(&calls);

    dt_expect_eq(StorPortDelayExecution(e, 2000), STOR_STATUS_SUCCESS);
    KeQuerySystemTimePrecise(&after);
    dt_expect(after.QuadPart - before.QuadPart >= 20000);
    if (simulated())
        dt_expect_eq(ReadNoFence(&calls), n);
    KeLowerIrql(old);
    dt_expect_eq(StorPortDelayExecution(e, 20000), STOR_STATUS_SUCCESS);
    if (!simulated())
        dt_join_all(); /* the host may not have let it run */
    dt_expect_eq(ReadNoFence(&calls), 1);
    KeRevertToUserAffinityThread();
    bare_over();
}

/* STX-032: time passes; not for as long as a millisecond, not in HwStorStartIo. */
static void stall(void *ctx)
{
    LARGE_INTEGER before, after;

    (void)ctx;
    KeQuerySystemTimePrecise(&before);
    StorPortStallExecution(999);
    KeQuerySystemTimePrecise(&after);
    dt_expect(after.QuadPart - before.QuadPart >= 9990);
}

static void stall_long(void *ctx)
{
    (void)ctx;
    StorPortStallExecution(1000);
}

static bool start_stalls(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    StorPortStallExecution(10);
    return mini_execute(e, srb);
}

static void stall_in_start(void *ctx)
{
    dt_stor *s = go(&(struct mini){.start = start_stalls});

    (void)ctx;
    dt_expect_eq(run_one(s), SRB_STATUS_SUCCESS);
    over(s);
}

static void delays_and_stalls(void **state)
{
    struct dt_config one = config(1);

    (void)state;
    passes_with(&one, delays);
    passes(stall);
    warned(stall_long, "DT-S14");
    caught(stall_in_start, "DT-S14", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(work_items),
        cmocka_unit_test(system_threads),
        cmocka_unit_test(events_and_waits),
        cmocka_unit_test(delays_and_stalls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
