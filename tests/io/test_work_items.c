/* SPDX-License-Identifier: MIT */
/* Work items, what they do: WRK-001 .. WRK-006, WRK-011 .. WRK-018, WRK-021 .. WRK-023, WRK-030. Misuse: test_work_misuse.c. */
#include "driver.h"

#define TAG   'tseT'
#define ITEMS 9 /* one more than a queue has workers */

static struct {
    PIO_WORKITEM    io;
    WORK_QUEUE_ITEM item[ITEMS];
    KEVENT          done, go;
    LONG            calls, inside, order[ITEMS];
    KPRIORITY       priority;
    bool            overlap;
} s;

static void begin(void)
{
    memset(&s, 0, sizeof s);
    KeInitializeEvent(&s.done, NotificationEvent, FALSE);
    KeInitializeEvent(&s.go, NotificationEvent, FALSE);
}

/* ---- I/O work items ---- */

/* WRK-002: the device, the context, PASSIVE_LEVEL, a system thread. */
static VOID once(PDEVICE_OBJECT device, PVOID context)
{
    dt_expect(device == drv.device && context == &s);
    dt_expect_eq(KeGetCurrentIrql(), PASSIVE_LEVEL);
    dt_expect(PsIsSystemThread(PsGetCurrentThread()));
    InterlockedIncrement(&s.calls);
    KeSetEvent(&s.done, IO_NO_INCREMENT, FALSE);
}

static KDEFERRED_ROUTINE queues_it;

static VOID queues_it(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    IoQueueWorkItem(s.io, once, DelayedWorkQueue, &s);
}

/* WRK-001, WRK-002, WRK-004: allocated and queued at DISPATCH_LEVEL, queued by a DPC, called once for each. */
static void allocated(void *ctx)
{
    KIRQL irql;
    KDPC  dpc;

    (void)ctx;
    begin();
    drv_reset();
    dt_driver *d = drv_load();

    KeInitializeDpc(&dpc, queues_it, NULL);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    s.io = IoAllocateWorkItem(drv.device);
    dt_expect(s.io != NULL);
    IoQueueWorkItem(s.io, once, DelayedWorkQueue, &s);
    KeLowerIrql(irql);
    wait_for(&s.done);
    dt_expect_eq(s.calls, 1);
    KeClearEvent(&s.done);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    wait_for(&s.done);
    dt_expect_eq(s.calls, 2);
    KeFlushQueuedDpcs();
    IoFreeWorkItem(s.io);
    dt_expect_eq(dt_driver_unload(d), STATUS_SUCCESS);
}

/* WRK-003, WRK-011: in memory of the driver's, with the size that the system says; the routine uninitializes it (WRK-005). */
static VOID uninitializes(PVOID object, PVOID context, PIO_WORKITEM item)
{
    dt_expect(object == drv.device && context == item && item == s.io);
    IoUninitializeWorkItem(item);
    ExFreePoolWithTag(item, TAG);
    KeSetEvent(&s.done, IO_NO_INCREMENT, FALSE);
}

static void initialized(void *ctx)
{
    (void)ctx;
    begin();
    drv_reset();
    dt_driver *d = drv_load();

    s.io = ExAllocatePoolWithTag(NonPagedPool, IoSizeofWorkItem(), TAG);
    dt_expect(s.io != NULL);
    IoInitializeWorkItem(drv.device, s.io);
    IoQueueWorkItemEx(s.io, uninitializes, DelayedWorkQueue, s.io);
    wait_for(&s.done);
    dt_expect_eq(dt_driver_unload(d), STATUS_SUCCESS);
}

static void test_io_items(void **state)
{
    (void)state;
    always(allocated, 1);
    always(initialized, 1);
}

/* WRK-006: queued again by another thread while it runs: the two runs overlap on some schedule. */
static VOID overlaps(PDEVICE_OBJECT device, PVOID context)
{
    (void)device, (void)context;
    if (InterlockedIncrement(&s.inside) == 2)
        s.overlap = true;
    KeSetEvent(&s.go, IO_NO_INCREMENT, FALSE);
    InterlockedDecrement(&s.inside);
    if (InterlockedIncrement(&s.calls) == 2)
        KeSetEvent(&s.done, IO_NO_INCREMENT, FALSE);
}

static bool overlap_seen;

static void queued_while_running(void *ctx)
{
    (void)ctx;
    begin();
    drv_reset();
    dt_driver *d = drv_load();

    s.io = IoAllocateWorkItem(drv.device);
    IoQueueWorkItem(s.io, overlaps, DelayedWorkQueue, NULL);
    wait_for(&s.go);
    IoQueueWorkItem(s.io, overlaps, DelayedWorkQueue, NULL);
    wait_for(&s.done);
    dt_expect_eq(s.calls, 2);
    overlap_seen |= s.overlap;
    IoFreeWorkItem(s.io);
    dt_expect_eq(dt_driver_unload(d), STATUS_SUCCESS);
}

static void test_overlap(void **state)
{
    (void)state;
    overlap_seen = false;
    reached(queued_while_running, 3, &overlap_seen);
}

/* ---- work queue items ---- */

static VOID note(PVOID context)
{
    LONG n = InterlockedIncrement(&s.calls);

    s.order[n - 1] = (LONG)(LONG_PTR)context;
    if (n == 4)
        KeSetEvent(&s.done, IO_NO_INCREMENT, FALSE);
}

/* WRK-014; WRK-021: one worker on one processor takes them in order. */
static void in_order(void *ctx)
{
    (void)ctx;
    begin();
    for (LONG_PTR i = 0; i < 4; i++) {
        ExInitializeWorkItem(&s.item[i], note, (PVOID)i);
        dt_expect(s.item[i].List.Flink == NULL && s.item[i].WorkerRoutine == note && s.item[i].Parameter == (PVOID)i);
    }
    for (int i = 0; i < 4; i++)
        ExQueueWorkItem(&s.item[i], DelayedWorkQueue);
    wait_for(&s.done);
    if (simulated())
        for (LONG i = 0; i < 4; i++)
            dt_expect_eq(s.order[i], i);
}

static VOID note_priority(PVOID context)
{
    (void)context;
    s.priority = KeQueryPriorityThread(KeGetCurrentThread());
    KeSetEvent(&s.done, IO_NO_INCREMENT, FALSE);
}

static void runs_at(unsigned type, KPRIORITY priority)
{
    KeClearEvent(&s.done);
    ExInitializeWorkItem(&s.item[0], note_priority, NULL);
    ExQueueWorkItem(&s.item[0], (WORK_QUEUE_TYPE)type);
    wait_for(&s.done);
    dt_expect_eq(s.priority, priority);
}

/* WRK-016, WRK-017 */
static void priorities(void *ctx)
{
    (void)ctx;
    begin();
    runs_at(CriticalWorkQueue, 13);
    runs_at(DelayedWorkQueue, 12);
    runs_at(NormalWorkQueue, 8);
    runs_at(BackgroundWorkQueue, 7);
    runs_at(RealTimeWorkQueue, 18);
    runs_at(SuperCriticalWorkQueue, 14);
    for (unsigned p = 1; p <= 16; p++)
        runs_at(CustomPriorityWorkQueue + p, (KPRIORITY)p);
}

static void hyper_critical(void *ctx) /* WRK-016, and a warning for it: WRK-020 */
{
    (void)ctx;
    begin();
    runs_at(HyperCriticalWorkQueue, 15);
}

static void test_queues(void **state)
{
    struct dt_config one = config(1), two = config(2);

    (void)state;
    passes_with(&one, in_order);
    passes(priorities);
    caught_with(&two, hyper_critical, "DT-K01", 0);
    assert_true(CriticalWorkQueue == 0 && DelayedWorkQueue == 1 && HyperCriticalWorkQueue == 2); /* WRK-018 */
    assert_true(NormalWorkQueue == 3 && BackgroundWorkQueue == 4 && RealTimeWorkQueue == 5);
    assert_true(SuperCriticalWorkQueue == 6 && MaximumWorkQueue == 7 && CustomPriorityWorkQueue == 32);
}

/* ---- concurrency ---- */

static VOID waits(PVOID context)
{
    (void)context;
    wait_for(&s.go); /* WRK-022 */
    InterlockedIncrement(&s.calls);
}

static VOID releases(PVOID context)
{
    (void)context;
    KeSetEvent(&s.go, IO_NO_INCREMENT, FALSE);
    KeSetEvent(&s.done, IO_NO_INCREMENT, FALSE);
}

static void pile_up(int waiting)
{
    begin();
    for (int i = 0; i < waiting; i++) {
        ExInitializeWorkItem(&s.item[i], waits, NULL);
        ExQueueWorkItem(&s.item[i], DelayedWorkQueue);
    }
    ExInitializeWorkItem(&s.item[waiting], releases, NULL);
    ExQueueWorkItem(&s.item[waiting], DelayedWorkQueue);
    wait_for(&s.done);
}

/* WRK-021, WRK-022: waiting items leave workers for others ... */
static void few_wait(void *ctx)
{
    (void)ctx;
    pile_up(4);
}

/* ... WRK-023: until there are none left. */
static void too_many_wait(void *ctx)
{
    (void)ctx;
    pile_up(ITEMS - 1);
}

static void test_waiting(void **state)
{
    (void)state;
    passes(few_wait);
    if (simulated())
        caught(too_many_wait, "DT-L17", 0);
}

/*
 * WRK-030: a task stays in the list until it is done, and the item is queued only when the list was empty. So the item is
 * not queued again before its routine has seen the list empty: no task is lost, none is done twice. Who takes the task off
 * first queues the item while it is queued, on some schedule.
 */
static struct {
    KSPIN_LOCK lock;
    LIST_ENTRY list;
    LONG       done;
    struct task {
        LIST_ENTRY link;
        LONG       done;
    } task[3];
} tasks;

/* Takes the first task off if it is to, and says which is the first then. */
static struct task *first_task(bool take)
{
    KIRQL        irql;
    struct task *t = NULL;

    KeAcquireSpinLock(&tasks.lock, &irql);
    if (take)
        RemoveHeadList(&tasks.list);
    if (!IsListEmpty(&tasks.list))
        t = CONTAINING_RECORD(tasks.list.Flink, struct task, link);
    KeReleaseSpinLock(&tasks.lock, irql);
    return t;
}

static void do_task(struct task *t)
{
    InterlockedIncrement(&t->done);
    if (InterlockedIncrement(&tasks.done) == 3)
        KeSetEvent(&s.done, IO_NO_INCREMENT, FALSE);
}

static VOID drain(PVOID context)
{
    (void)context;
    for (struct task *t = first_task(false); t; t = first_task(true))
        do_task(t);
}

static VOID drain_carelessly(PVOID context)
{
    PLIST_ENTRY e;

    (void)context;
    while ((e = ExInterlockedRemoveHeadList(&tasks.list, &tasks.lock)) != NULL)
        do_task(CONTAINING_RECORD(e, struct task, link));
}

static void add_task(void *ctx)
{
    if (ExInterlockedInsertTailList(&tasks.list, &((struct task *)ctx)->link, &tasks.lock) == NULL)
        ExQueueWorkItem(&s.item[0], DelayedWorkQueue);
}

static void task_list(PWORKER_THREAD_ROUTINE routine)
{
    begin();
    memset(&tasks, 0, sizeof tasks);
    KeInitializeSpinLock(&tasks.lock);
    InitializeListHead(&tasks.list);
    ExInitializeWorkItem(&s.item[0], routine, NULL);
    add_task(&tasks.task[0]);
    dt_spawn(1, add_task, &tasks.task[1]);
    add_task(&tasks.task[2]);
    wait_for(&s.done);
    dt_join_all();
    sleep_ms(5);
    for (int i = 0; i < 3; i++)
        dt_expect_eq(tasks.task[i].done, 1);
}

static void careful_list(void *ctx)
{
    (void)ctx;
    task_list(drain);
}

static void careless_list(void *ctx)
{
    (void)ctx;
    task_list(drain_carelessly);
}

static void test_task_list(void **state)
{
    (void)state;
    always(careful_list, 2);
    found(careless_list, 4, NULL, 0xE4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_io_items),
        cmocka_unit_test(test_overlap),
        cmocka_unit_test(test_queues),
        cmocka_unit_test(test_waiting),
        cmocka_unit_test(test_task_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
