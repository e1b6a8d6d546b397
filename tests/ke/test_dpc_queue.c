/* SPDX-License-Identifier: MIT */
/* A KDPC: initialize, insert, run, remove. DPC-001 .. DPC-004, DPC-011 .. DPC-026, DPC-058, DPC-059, DPC-061, DPC-068,
 * DPC-069, DPC-076. */
#define PROCESSORS_MIN 2 /* the bodies name processors */

#include "../machine.h"

static struct {
    KDPC            dpc;
    KEVENT          done;
    KSPIN_LOCK      lock;
    WORK_QUEUE_ITEM item;
    LONG            calls, inside, removed;
    PVOID           arguments[2];
    PKTHREAD        thread;
    BOOLEAN         again;
    volatile LONG   started, released, ended;
} s;

static KDEFERRED_ROUTINE note;

/* DPC-016, DPC-017: called at DISPATCH_LEVEL with exactly what was given. */
static VOID note(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    dt_expect(dpc == &s.dpc && context == &s);
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    s.arguments[0] = a;
    s.arguments[1] = b;
    s.thread = KeGetCurrentThread();
    InterlockedIncrement(&s.calls);
    KeSetEvent(&s.done, IO_NO_INCREMENT, FALSE);
}

static void begin(PKDEFERRED_ROUTINE routine)
{
    memset(&s, 0, sizeof s);
    KeInitializeDpc(&s.dpc, routine, &s);
    KeInitializeEvent(&s.done, NotificationEvent, FALSE);
    KeInitializeSpinLock(&s.lock);
}

/* ---- the object ---- */

/* DPC-001, DPC-002, DPC-003: at any IRQL; only what the page names is written. */
static void initialized(void *ctx)
{
    KIRQL irql;
    PVOID untouched;

    (void)ctx;
    memset(&s, 0xCC, sizeof s);
    memset(&untouched, 0xCC, sizeof untouched);
    KeRaiseIrql(HIGH_LEVEL, &irql);
    KeInitializeDpc(&s.dpc, note, &s);
    KeLowerIrql(irql);
    dt_expect_eq(s.dpc.Type, 0x13);
    dt_expect_eq(s.dpc.Importance, MediumImportance);
    dt_expect_eq(s.dpc.Number, 0);
    dt_expect(s.dpc.DeferredRoutine == note && s.dpc.DeferredContext == &s);
    dt_expect(s.dpc.DpcData == NULL);
    dt_expect((PVOID)s.dpc.DpcListEntry.Next == untouched);
    dt_expect(s.dpc.SystemArgument1 == untouched && s.dpc.SystemArgument2 == untouched);
    dt_expect(LowImportance == 0 && MediumImportance == 1 && HighImportance == 2 && MediumHighImportance == 3);
}

/* DPC-004: a NULL routine may be queued and removed, not run. */
static void no_routine_removed(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin(NULL);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    dt_expect(KeInsertQueueDpc(&s.dpc, NULL, NULL));
    dt_expect(KeRemoveQueueDpc(&s.dpc));
    KeLowerIrql(irql);
}

static void no_routine_run(void *ctx)
{
    (void)ctx;
    begin(NULL);
    KeInsertQueueDpc(&s.dpc, NULL, NULL);
}

static void test_object(void **state)
{
    (void)state;
    passes(initialized);
    passes(no_routine_removed);
    caught(no_routine_run, "DT-D01", 0xD1);
}

/* ---- when it runs ---- */

static void insert(int n)
{
    dt_expect(KeInsertQueueDpc(&s.dpc, (PVOID)(uintptr_t)n, (PVOID)(uintptr_t)(n + 1)));
}

static void ran(LONG calls, int n)
{
    dt_expect_eq(s.calls, calls);
    dt_expect(s.arguments[0] == (PVOID)(uintptr_t)n && s.arguments[1] == (PVOID)(uintptr_t)(n + 1));
}

/* DPC-018, DPC-058, DPC-059: below DISPATCH_LEVEL it has run when the insert returns, on the thread that it interrupted,
 * whose IRQL is as before. */
static void at_once(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin(note);
    insert(1);
    ran(1, 1);
    dt_expect_eq(KeGetCurrentIrql(), PASSIVE_LEVEL);
    dt_expect(s.thread == KeGetCurrentThread());
    KeRaiseIrql(APC_LEVEL, &irql);
    insert(3);
    ran(2, 3);
    dt_expect_eq(KeGetCurrentIrql(), APC_LEVEL);
    KeLowerIrql(irql);
}

/* DPC-019, DPC-020: at DISPATCH_LEVEL it waits for the lowering to below, be it APC_LEVEL; not for one to DISPATCH_LEVEL. */
static void deferred(void *ctx)
{
    KIRQL passive, apc, dispatch;

    (void)ctx;
    begin(note);
    KeRaiseIrql(APC_LEVEL, &passive);
    KeRaiseIrql(DISPATCH_LEVEL, &apc);
    insert(5);
    dt_expect_eq(s.calls, 0);
    KeRaiseIrql(HIGH_LEVEL, &dispatch);
    KeLowerIrql(dispatch);
    dt_expect_eq(s.calls, 0);
    KeLowerIrql(apc);
    ran(1, 5);
    KeLowerIrql(passive);
    dt_expect_eq(s.calls, 1);
}

/* DPC-021: the release of a spin lock is such a lowering. */
static void released(void *ctx)
{
    KIRQL              irql;
    KLOCK_QUEUE_HANDLE handle;

    (void)ctx;
    begin(note);
    KeAcquireSpinLock(&s.lock, &irql);
    insert(7);
    dt_expect_eq(s.calls, 0);
    KeReleaseSpinLock(&s.lock, irql);
    ran(1, 7);
    KeAcquireInStackQueuedSpinLock(&s.lock, &handle);
    insert(9);
    dt_expect_eq(s.calls, 1);
    KeReleaseInStackQueuedSpinLock(&handle);
    ran(2, 9);
}

/* DPC-011, DPC-012: at any IRQL; the first insert's arguments are delivered. */
static void inserted_twice(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin(note);
    KeRaiseIrql(HIGH_LEVEL, &irql);
    insert(11);
    dt_expect(!KeInsertQueueDpc(&s.dpc, (PVOID)98, (PVOID)99));
    KeLowerIrql(irql);
    ran(1, 11);
    insert(13);
    ran(2, 13);
}

static void test_when(void **state)
{
    (void)state;
    passes(at_once);
    passes(deferred);
    passes(released);
    passes(inserted_twice);
    always(released, 1);
}

/* ---- inside the routine ---- */

static KDEFERRED_ROUTINE requeue;

/* DPC-014, DPC-023: off its queue before it is called: a remove finds nothing, an insert succeeds. It is not nested. */
static VOID requeue(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)context, (void)a, (void)b;
    dt_expect_eq(InterlockedIncrement(&s.inside), 1);
    dt_expect(!KeRemoveQueueDpc(dpc));
    if (++s.calls < 3) {
        dt_expect(KeInsertQueueDpc(dpc, NULL, NULL));
        dt_expect(!KeInsertQueueDpc(dpc, NULL, NULL));
    }
    InterlockedDecrement(&s.inside);
}

static void requeues(void *ctx)
{
    (void)ctx;
    begin(requeue);
    KeInsertQueueDpc(&s.dpc, NULL, NULL);
    dt_expect_eq(s.calls, 3);
}

static KDEFERRED_ROUTINE allowed;

/* DPC-061, DPC-068, DPC-069, DPC-076. */
static VOID allowed(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    dt_expect_eq(poll(&s.done), STATUS_TIMEOUT);
    KeAcquireSpinLockAtDpcLevel(&s.lock);
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeReleaseSpinLockFromDpcLevel(&s.lock);
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    dt_expect(KeIsExecutingDpc());
    ExQueueWorkItem(&s.item, DelayedWorkQueue);
}

static VOID work(PVOID context)
{
    (void)context;
    dt_expect_eq(KeGetCurrentIrql(), PASSIVE_LEVEL);
    dt_expect(!KeIsExecutingDpc());
    s.calls++;
    KeSetEvent(&s.done, IO_NO_INCREMENT, FALSE);
}

static void allowed_inside(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin(allowed);
    ExInitializeWorkItem(&s.item, work, NULL);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    dt_expect(!KeIsExecutingDpc());
    KeInsertQueueDpc(&s.dpc, NULL, NULL);
    KeLowerIrql(irql);
    wait_for(&s.done);
    dt_expect_eq(s.calls, 1);
}

static void test_inside(void **state)
{
    (void)state;
    passes(requeues);
    always(requeues, 1);
    passes(allowed_inside);
    always(allowed_inside, 1);
}

/* ---- removing ---- */

/* DPC-022, DPC-023, DPC-025, DPC-026. */
static void removed(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin(note);
    dt_expect(!KeRemoveQueueDpc(&s.dpc));
    KeRaiseIrql(HIGH_LEVEL, &irql);
    insert(1);
    dt_expect(KeRemoveQueueDpc(&s.dpc));
    dt_expect(!KeRemoveQueueDpc(&s.dpc));
    insert(3);
    dt_expect(KeRemoveQueueDpcEx(&s.dpc, FALSE));
    KeLowerIrql(irql);
    dt_expect_eq(s.calls, 0);
    insert(5);
    ran(1, 5);
    dt_expect(!KeRemoveQueueDpc(&s.dpc));
}

/* DPC-022: one insert, one remove by another processor: the routine runs, or the remove says TRUE. */
static bool ran_seen, removed_seen;

static void removes(void *ctx)
{
    (void)ctx;
    if (KeRemoveQueueDpc(&s.dpc))
        s.removed++;
}

static void removed_elsewhere(void *ctx)
{
    (void)ctx;
    begin(note);
    dt_spawn(1, removes, NULL);
    insert(1);
    dt_join_all();
    KeFlushQueuedDpcs();
    dt_expect_eq(s.calls + s.removed, 1);
    if (s.calls)
        ran_seen = true;
    else
        removed_seen = true;
}

static KDEFERRED_ROUTINE hold;

/* Runs until it is told. */
static VOID hold(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    InterlockedExchange(&s.started, 1);
    while (!ReadNoFence(&s.released))
        YieldProcessor();
    InterlockedExchange(&s.ended, 1);
}

static void start_holding(void)
{
    begin(hold);
    KeSetTargetProcessorDpc(&s.dpc, 1);
    KeSetImportanceDpc(&s.dpc, HighImportance);
    KeInsertQueueDpc(&s.dpc, NULL, NULL);
    while (!ReadNoFence(&s.started))
        YieldProcessor();
}

/* DPC-024: a remove does not wait for a routine that has started. */
static void remove_does_not_wait(void *ctx)
{
    (void)ctx;
    start_holding();
    dt_expect(!KeRemoveQueueDpc(&s.dpc));
    dt_expect(!s.ended);
    InterlockedExchange(&s.released, 1);
    KeFlushQueuedDpcs();
    dt_expect(s.ended);
}

/* KeRemoveQueueDpcEx(TRUE) does. */
static void releases(void *ctx)
{
    (void)ctx;
    InterlockedExchange(&s.released, 1);
}

static void remove_waits(void *ctx)
{
    (void)ctx;
    start_holding();
    dt_spawn(2, releases, NULL);
    dt_expect(!KeRemoveQueueDpcEx(&s.dpc, TRUE));
    dt_expect(s.ended);
    dt_join_all();
}

static void test_remove(void **state)
{
    struct dt_config three = config(3);

    (void)state;
    passes(removed);
    ran_seen = removed_seen = false;
    always(removed_elsewhere, 2);
    if (simulated())
        assert_true(ran_seen && removed_seen);
    passes(remove_does_not_wait);
    always(remove_does_not_wait, 1);
    passes_with(&three, remove_waits);
    always_with(&three, remove_waits, 1);
}

static KDEFERRED_ROUTINE waits_for_itself;

static VOID waits_for_itself(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)context, (void)a, (void)b;
    KeRemoveQueueDpcEx(dpc, TRUE);
}

static void remove_inside(void *ctx)
{
    (void)ctx;
    begin(waits_for_itself);
    KeInsertQueueDpc(&s.dpc, NULL, NULL);
}

static void test_remove_inside(void **state)
{
    (void)state;
    caught(remove_inside, "DT-W14", 0x133);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_object),
        cmocka_unit_test(test_when),
        cmocka_unit_test(test_inside),
        cmocka_unit_test(test_remove),
        cmocka_unit_test(test_remove_inside),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
