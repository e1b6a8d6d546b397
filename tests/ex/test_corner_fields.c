/* SPDX-License-Identifier: MIT */
/*
 * What objects look like from outside at documented moments: fields that wdm.h shows and that drivers, or tests written on
 * Windows, read. And what one run leaves for the next: nothing.
 */
#include "machine.h"

/* LCK-001, LCK-002, LCK-003: OldIrql is the level come from; initialization and release leave it alone. */
static void fast_mutex_fields(void *ctx)
{
    static FAST_MUTEX m;
    KIRQL             irql;

    (void)ctx;
    memset(&m, 0x55, sizeof m);
    ExInitializeFastMutex(&m);
    dt_expect(m.Count == 1 && !m.Owner && m.Contention == 0 && m.OldIrql == 0x55555555);
    ExAcquireFastMutex(&m);
    dt_expect(m.Count == 0 && m.Owner == KeGetCurrentThread() && m.OldIrql == PASSIVE_LEVEL);
    ExReleaseFastMutex(&m);
    dt_expect(m.Count == 1 && !m.Owner && m.Contention == 0);
    KeRaiseIrql(APC_LEVEL, &irql);
    dt_expect(ExTryToAcquireFastMutex(&m));
    dt_expect_eq(m.OldIrql, APC_LEVEL);
    ExReleaseFastMutex(&m);
    dt_expect_eq(KeGetCurrentIrql(), APC_LEVEL);
    ExAcquireFastMutexUnsafe(&m); /* LCK-011: neither IRQL nor what is saved of it */
    dt_expect(m.Owner == KeGetCurrentThread() && m.OldIrql == APC_LEVEL);
    ExReleaseFastMutexUnsafe(&m);
    KeLowerIrql(irql);
}

static void test_fast_mutex(void **state)
{
    (void)state;
    passes(fast_mutex_fields);
}

/* EVT-004, EVT-005: whatever was written there, a set event is 1 afterwards, a reset one 0, and the old value comes back. */
static void event_fields(void *ctx)
{
    static KEVENT e;

    (void)ctx;
    for (EVENT_TYPE type = NotificationEvent; type <= SynchronizationEvent; type++) {
        KeInitializeEvent(&e, type, FALSE);
        e.Header.SignalState = 0x23456789;
        dt_expect_eq(KeReadStateEvent(&e), 0x23456789);
        dt_expect_eq(KeSetEvent(&e, 0, FALSE), 0x23456789);
        dt_expect_eq(e.Header.SignalState, 1);
        e.Header.SignalState = 0x12345678;
        dt_expect_eq(KePulseEvent(&e, 0, FALSE), 0x12345678);
        dt_expect_eq(e.Header.SignalState, 0);
    }
}

static void test_event(void **state)
{
    struct dt_config cfg = config(2);

    (void)state;
    cfg.faithful = true; /* DT-W12 warns of any pulse */
    passes_with(&cfg, event_fields);
}

/* KTM-001, KTM-002: whatever the memory held, a new timer is not set, not signaled, has no period and no DPC. */
static void timer_fields(void *ctx)
{
    static KTIMER t;

    (void)ctx;
    for (TIMER_TYPE type = NotificationTimer; type <= SynchronizationTimer; type++) {
        memset(&t, 0x55, sizeof t);
        KeInitializeTimerEx(&t, type);
        dt_expect_eq(t.Header.Type, TimerNotificationObject + type);
        dt_expect(t.Header.SignalState == 0 && !KeReadStateTimer(&t) && IsListEmpty(&t.Header.WaitListHead));
        dt_expect(t.Header.TimerControlFlags == 0 && t.Header.TimerMiscFlags == 0);
        dt_expect(t.DueTime.QuadPart == 0 && t.Period == 0 && !t.Dpc);
        dt_expect(!KeCancelTimer(&t));
    }
}

static void test_timer(void **state)
{
    (void)state;
    passes(timer_fields);
}

static FAST_MUTEX contended;

static void want_mutex(void *ctx)
{
    (void)ctx;
    ExAcquireFastMutex(&contended);
    ExReleaseFastMutex(&contended);
}

/* LCK-001, LCK-013: one in memory that held something else makes others wait, and counts them. ExInitializeFastMutex is the
 * header's, KeInitializeGuardedMutex the kernel's. */
static void contended_mutex(void *ctx)
{
    memset(&contended, 0x55, sizeof contended);
    if (ctx)
        KeInitializeGuardedMutex(&contended);
    else
        ExInitializeFastMutex(&contended);
    dt_expect(contended.Count == 1 && !contended.Owner && contended.Contention == 0);
    ExAcquireFastMutex(&contended);
    dt_spawn(1, want_mutex, NULL);
    settle();
    dt_expect(contended.Contention == 1 && contended.Count == -1);
    ExReleaseFastMutex(&contended);
    dt_join_all();
    dt_expect(contended.Count == 1 && !contended.Owner);
}

static void contended_guarded(void *ctx)
{
    (void)ctx;
    contended_mutex(&contended);
}

static void test_contended_mutex(void **state)
{
    (void)state;
    passes(contended_mutex);
    passes(contended_guarded);
}

static ERESOURCE resource;

static void want_it(void *ctx)
{
    (void)ctx;
    KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(&resource, TRUE);
    ExReleaseResourceLite(&resource);
    KeLeaveCriticalRegion();
}

/* LCK-036, LCK-043: contention is counted, and forgotten with a reinitialization. */
static void resource_fields(void *ctx)
{
    (void)ctx;
    dt_expect_eq(ExInitializeResourceLite(&resource), STATUS_SUCCESS);
    KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(&resource, TRUE);
    dt_spawn(1, want_it, NULL);
    settle();
    dt_expect_eq(ExGetExclusiveWaiterCount(&resource), 1);
    dt_expect_eq(resource.ContentionCount, 1);
    ExReleaseResourceLite(&resource);
    KeLeaveCriticalRegion();
    dt_join_all();
    dt_expect_eq(ExReinitializeResourceLite(&resource), STATUS_SUCCESS);
    dt_expect(resource.ContentionCount == 0 && resource.ActiveCount == 0 && resource.ActiveEntries == 0);
    dt_expect_eq(ExDeleteResourceLite(&resource), STATUS_SUCCESS);
}

static void test_resource(void **state)
{
    (void)state;
    passes(resource_fields);
}

/* A new lookaside list says of itself what it says on Windows: four entries deep, at most 256, whatever Depth is given. */
static void lookaside_fields(void *ctx)
{
    static NPAGED_LOOKASIDE_LIST n;
    static PAGED_LOOKASIDE_LIST  p;

    (void)ctx;
    ExInitializeNPagedLookasideList(&n, NULL, NULL, POOL_NX_ALLOCATION, 64, 'Tset', 20);
    dt_expect(n.L.Depth == 4 && n.L.MaximumDepth == 256 && n.L.TotalAllocates == 0 && n.L.TotalFrees == 0);
    dt_expect(n.L.Type == NonPagedPoolNx && n.L.Tag == 'Tset' && n.L.Size == 64);
    PVOID entry = ExAllocateFromNPagedLookasideList(&n);

    dt_expect(entry && n.L.TotalAllocates == 1);
    ExFreeToNPagedLookasideList(&n, entry);
    dt_expect_eq(n.L.TotalFrees, 1);
    ExDeleteNPagedLookasideList(&n);
    ExInitializePagedLookasideList(&p, NULL, NULL, 0, 64, 'Tset', 0);
    dt_expect(p.L.Depth == 4 && p.L.MaximumDepth == 256 && p.L.Type == PagedPool);
    ExDeletePagedLookasideList(&p);
}

static void test_lookaside(void **state)
{
    (void)state;
    passes(lookaside_fields);
}

/* ---- what is over is over ---- */

static volatile LONG items_run;

static void item_routine(PVOID context)
{
    (void)context;
    InterlockedIncrement(&items_run);
}

static DRIVER_UNLOAD unload;

static void unload(PDRIVER_OBJECT driver)
{
    (void)driver;
}

static NTSTATUS entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)path;
    driver->DriverUnload = unload;
    return STATUS_SUCCESS;
}

/* WRK-013, WRK-014: a worker whose item has returned is idle again, the machine with it, and the driver may go. */
static void idle_after_items(void *ctx)
{
    static WORK_QUEUE_ITEM item;
    dt_driver             *driver = dt_driver_load(entry);

    (void)ctx;
    items_run = 0;
    for (int i = 1; i <= 3; i++) {
        ExInitializeWorkItem(&item, item_routine, NULL);
        ExQueueWorkItem(&item, DelayedWorkQueue);
        dt_run_until_idle();
        dt_expect_eq(items_run, i);
    }
    dt_expect_eq(dt_driver_unload(driver), STATUS_SUCCESS);
}

static void test_items(void **state)
{
    (void)state;
    passes(idle_after_items);
}

/* ---- one run after the other ---- */

enum { BIG = 1 << 16, MANY = 1024 };

static char *kept[MANY];

/* So much is freed that freed memory is used again; then all of it is had at once, and no two blocks are one. */
static void churn(void *ctx)
{
    (void)ctx;
    for (int i = 0; i < 2 * MANY; i++)
        ExFreePoolWithTag(ExAllocatePoolWithTag(NonPagedPoolNx, BIG, 'nruC'), 'nruC');
    for (int i = 0; i < 64; i++) {
        kept[i] = ExAllocatePoolWithTag(NonPagedPoolNx, BIG, 'nruC');
        memset(kept[i], i, BIG);
    }
    for (int i = 0; i < 64; i++) {
        dt_expect(kept[i][0] == i && kept[i][BIG - 1] == i);
        ExFreePoolWithTag(kept[i], 'nruC');
    }
}

/* Freed memory is used again in turn: however much comes and goes, the addresses stay within what was there at once. */
static void in_turn(void *ctx)
{
    uintptr_t highest[4] = {0};

    (void)ctx;
    for (int round = 0; round < 4; round++)
        for (int i = 0; i < 2 * MANY; i++) {
            void *p = ExAllocatePoolWithTag(NonPagedPoolNx, BIG, 'nruC');

            highest[round] = (uintptr_t)p > highest[round] ? (uintptr_t)p : highest[round];
            ExFreePoolWithTag(p, 'nruC');
        }
    dt_expect(highest[1] == highest[3]);
    dt_expect(highest[0] == highest[3]);
}

enum { HUGE_BLOCK = 80 << 20 };

/* One block that is more than is kept back of freed memory: nothing is kept back then, and it begins anew. */
static void huge(void *ctx)
{
    void *first = ExAllocatePoolWithTag(NonPagedPoolNx, 32, 'nruC');

    (void)ctx;
    for (int i = 0; i < 3; i++) {
        void *small = ExAllocatePoolWithTag(NonPagedPoolNx, 32, 'nruC'),
             *big = ExAllocatePoolWithTag(NonPagedPoolNx, HUGE_BLOCK, 'nruC');

        dt_expect(small && big);
        ExFreePoolWithTag(small, 'nruC');
        ExFreePoolWithTag(big, 'nruC');
    }
    ExFreePoolWithTag(first, 'nruC');
}

static void only_keep(void *ctx)
{
    (void)ctx;
    for (int i = 0; i < 64; i++) {
        kept[i] = ExAllocatePoolWithTag(NonPagedPoolNx, BIG, 'nruC');
        memset(kept[i], i, BIG);
    }
    for (int i = 0; i < 64; i++)
        dt_expect(kept[i][0] == i && kept[i][BIG - 1] == i);
    for (int i = 0; i < 64; i++)
        ExFreePoolWithTag(kept[i], 'nruC');
}

static void test_runs(void **state)
{
    (void)state;
    passes(churn);
    passes(only_keep);
    passes(in_turn);
    passes(huge);
    passes(only_keep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fast_mutex),
        cmocka_unit_test(test_event),
        cmocka_unit_test(test_timer),
        cmocka_unit_test(test_contended_mutex),
        cmocka_unit_test(test_resource),
        cmocka_unit_test(test_lookaside),
        cmocka_unit_test(test_items),
        cmocka_unit_test(test_runs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
