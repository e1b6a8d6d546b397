/* SPDX-License-Identifier: MIT */
/*
 * ex/work.c - work queues and their worker threads.
 *
 * One queue per priority: a WORK_QUEUE_TYPE is a name for a priority. A queue counts its items in a semaphore; its workers
 * wait for that, take the oldest item under the lock and call it with nothing held. The item is unlinked before it is
 * called, so the routine may free, change or queue it again, and another thread may queue it while it runs.
 *
 * Workers are made when an item finds none free, up to WORKERS_MAX for a queue, and never go: a driver whose items wait
 * for each other can run out of workers here as it can on Windows. They are daemons, so they do not keep a machine alive.
 *
 * work.lock protects all of this; IRQL is raised to DISPATCH_LEVEL around it.
 */
#include "ex/work.h"

#define WORKERS_MAX 8u
#define PRIORITIES  32u

/* Inferred: Microsoft says that work items must complete quickly, and no number. */
#define LONG_NS 10000000000ull

struct worker {
    struct queue *queue;
    const void   *item, *routine; /* running; only addresses: the item may be gone */
};

struct queue {
    bool          ready;
    unsigned      priority, workers, busy, length;
    LIST_ENTRY    items; /* WORK_QUEUE_ITEM.List */
    KSEMAPHORE    wake;
    struct worker worker[WORKERS_MAX];
};

static struct {
    struct mach_lock lock;
    uint32_t         used; /* bit per priority */
    struct queue     queue[PRIORITIES];
} work;

static void worker_main(void *context);

/* Routine of the items inside a struct ex_work: no driver can name it. */
static void kernel_item(void *context)
{
    (void)context;
}

/* NULL for the kernel's own. */
static const void *routine_of(const WORK_QUEUE_ITEM *item)
{
    return item->WorkerRoutine == kernel_item ? NULL : (const void *)item->WorkerRoutine;
}

void ex_work_boot(void)
{
    work.lock = (struct mach_lock){0};
    for (; work.used; work.used &= work.used - 1)
        work.queue[__builtin_ctz(work.used)].ready = false;
}

static unsigned lock_work(void)
{
    unsigned irql = ke_raise_to(DISPATCH_LEVEL);

    mach_lock(&work.lock);
    return irql;
}

static void unlock_work(unsigned irql)
{
    mach_unlock(&work.lock);
    mach_irql_lower(irql);
}

static void prepare_locked(struct queue *q, unsigned priority)
{
    *q = (struct queue){.ready = true, .priority = priority};
    q->items.Flink = q->items.Blink = &q->items;
    ke_semaphore_init(&q->wake, 0, MAXLONG);
    work.used |= 1u << priority;
}

/* Priority of a queue type, or -1. */
static int priority_of(unsigned type)
{
    static const signed char named[MaximumWorkQueue] = {[CriticalWorkQueue] = 13,
        [DelayedWorkQueue] = 12,
        [HyperCriticalWorkQueue] = 15,
        [NormalWorkQueue] = 8,
        [BackgroundWorkQueue] = 7,
        [RealTimeWorkQueue] = 18,
        [SuperCriticalWorkQueue] = 14};

    if (type < MaximumWorkQueue)
        return named[type];
    unsigned custom = type - CustomPriorityWorkQueue;

    return type >= CustomPriorityWorkQueue && custom < PRIORITIES ? (int)custom : -1;
}

static _Noreturn void invalid(uint64_t p1, const void *item, uint64_t p3, const char *what)
{
    uint64_t p[4] = {p1, (uintptr_t)item, p3, 0};

    ke_bugcheckf(NULL, WORKER_INVALID, p, "work item %p: %s", item, what);
}

/* ---- queueing ---- */

bool ex_work_is_queued(const WORK_QUEUE_ITEM *item)
{
    return __atomic_load_n(&item->List.Flink, __ATOMIC_ACQUIRE) != NULL;
}

/* A worker for the new item, unless one is free; NULL: enough. */
static struct worker *worker_needed_locked(struct queue *q)
{
    if (q->busy + q->length <= q->workers || q->workers == WORKERS_MAX)
        return NULL;
    struct worker *w = &q->worker[q->workers++];

    w->queue = q;
    return w;
}

static void start_worker(struct worker *w, unsigned priority)
{
    ke_thread *t = ke_thread_create(worker_main, w, (KPRIORITY)priority, 0, true);

    if (!t)
        ke_bugcheck(WORKER_INVALID, 5, 0, priority, 0);
    ke_thread_dereference(t);
}

static bool append(PWORK_QUEUE_ITEM item, unsigned priority)
{
    struct queue *q = &work.queue[priority];
    unsigned      irql = lock_work();

    if (!q->ready)
        prepare_locked(q, priority);
    if (item->List.Flink) {
        unlock_work(irql);
        return false;
    }
    item->List.Flink = &q->items;
    item->List.Blink = q->items.Blink;
    q->items.Blink->Flink = &item->List;
    q->items.Blink = &item->List;
    q->length++;
    struct worker *w = worker_needed_locked(q);

    mach_unlock(&work.lock);
    if (w)
        start_worker(w, priority);
    ke_semaphore_release(&q->wake, 0, 1);
    mach_irql_lower(irql);
    return true;
}

void ex_work_queue(PWORK_QUEUE_ITEM item, unsigned type)
{
    int priority = priority_of(type);

    if (priority < 0)
        invalid(6, item, type, "queued with a queue type that does not exist");
    if (!item->WorkerRoutine)
        invalid(7, item, type, "queued without a routine");
    ev(EV_WORK_QUEUE, item, (uintptr_t)item->WorkerRoutine, (uintptr_t)item->Parameter, 0);
    if (!append(item, (unsigned)priority))
        invalid(1, item, type, "queued although it is still queued, or not initialized");
}

bool ex_work_submit(struct ex_work *w, unsigned type)
{
    int priority = priority_of(type);

    if (priority < 0)
        invalid(6, w, type, "queued with a queue type that does not exist");
    w->item.WorkerRoutine = kernel_item;
    return append(&w->item, (unsigned)priority);
}

/* ---- workers ---- */

static PWORK_QUEUE_ITEM take(struct worker *w)
{
    struct queue    *q = w->queue;
    unsigned         irql = lock_work();
    PWORK_QUEUE_ITEM item = CONTAINING_RECORD(q->items.Flink, WORK_QUEUE_ITEM, List);

    q->items.Flink = item->List.Flink;
    item->List.Flink->Blink = &q->items;
    item->List.Flink = item->List.Blink = NULL;
    q->length--;
    q->busy++;
    w->item = item;
    w->routine = routine_of(item);
    unlock_work(irql);
    return item;
}

static void done(struct worker *w)
{
    unsigned irql = lock_work();

    w->queue->busy--;
    w->item = w->routine = NULL;
    unlock_work(irql);
}

void ex_work_enter(struct ex_work_call *c)
{
    c->apcs_off = ke_apcs_disabled();
    c->start_ns = mach_now();
    ev(EV_WORK_START, c->item, (uintptr_t)c->routine, (uintptr_t)c->context, 0);
    ev(EV_DRIVER_ENTER, c->routine, EV_ROLE_WORK_ITEM, (uintptr_t)c->context, (uintptr_t)c->object);
}

static void check_left(const struct ex_work_call *c)
{
    uint64_t bad_irql[4] = {(uintptr_t)c->routine, mach_irql(), (uintptr_t)c->context, (uintptr_t)c->item};
    uint64_t bad_apc[4] = {(uintptr_t)c->routine, 0, ke_apc_combined(), 1};
    uint64_t owned[4] = {(uintptr_t)c->routine, (uintptr_t)c->context, (uintptr_t)c->item, 0};

    if (mach_irql() != PASSIVE_LEVEL)
        ke_bugcheckf(
            "DT-I09", WORKER_THREAD_RETURNED_AT_BAD_IRQL, bad_irql, "work routine returned at IRQL %u", mach_irql());
    if (ke_mutex_owned()) /* MTX-020 */
        ke_bugcheckf("DT-W07", SYSTEM_EXIT_OWNED_MUTEX, owned, "work routine returned while it owned a mutex");
    if (ke_apcs_disabled() != c->apcs_off)
        ke_bugcheckf("DT-W15", APC_INDEX_MISMATCH, bad_apc, "work routine returned with another APC-disable count");
}

/* WRK-029 */
static void check_time(const struct ex_work_call *c)
{
    mach_ns        took = mach_now() - c->start_ns;
    struct finding f = {.severity = FINDING_WARNING, .rule = "DT-K03", .object = c->item, .caller = c->routine};

    if (took >= LONG_NS)
        finding_raisef(&f, "work routine took %llu seconds", (unsigned long long)(took / 1000000000));
}

void ex_work_leave(const struct ex_work_call *c)
{
    check_left(c);
    check_time(c);
    ev(EV_DRIVER_LEAVE, c->routine, EV_ROLE_WORK_ITEM, mach_irql(), (uintptr_t)c->object);
    ev(EV_WORK_END, c->item, (uintptr_t)c->routine, 0, 0);
}

static void run_item(PWORK_QUEUE_ITEM item)
{
    PWORKER_THREAD_ROUTINE routine = item->WorkerRoutine;
    void                  *context = (void *)item->Parameter;
    struct ex_work_call    call = {(const void *)routine, context, item, item, false, 0};

    ex_work_enter(&call);
    routine(context); /* the item may be gone */
    ex_work_leave(&call);
}

static void run(PWORK_QUEUE_ITEM item)
{
    struct ex_work *w = CONTAINING_RECORD(item, struct ex_work, item);

    if (item->WorkerRoutine == kernel_item)
        w->fn(w);
    else
        run_item(item);
}

/* Never ends: the machine drops daemons when the run is over. */
static void worker_main(void *context)
{
    struct worker *w = context;

    ke_thread_is_worker();
    for (;;) {
        ke_wait_one(&w->queue->wake, NULL);
        run(take(w));
        done(w);
    }
}

/* ---- questions ---- */

static const WORK_QUEUE_ITEM *queued_in_locked(struct queue *q, uintptr_t start, size_t bytes)
{
    for (PLIST_ENTRY e = q->items.Flink; e != &q->items; e = e->Flink)
        if ((uintptr_t)e - start < bytes)
            return CONTAINING_RECORD(e, WORK_QUEUE_ITEM, List);
    return NULL;
}

const void *ex_work_queued_in(const void *start, size_t bytes)
{
    const void *found = NULL;

    if (!__atomic_load_n(&work.used, __ATOMIC_RELAXED))
        return NULL;
    unsigned irql = lock_work();

    for (uint32_t left = work.used; left && !found; left &= left - 1)
        found = queued_in_locked(&work.queue[__builtin_ctz(left)], (uintptr_t)start, bytes);
    unlock_work(irql);
    return found;
}

static bool inside(const void *p, const void *start, const void *end)
{
    return p >= start && p < end;
}

static const void *find_in_locked(struct queue *q, const void *start, const void *end, bool *running)
{
    for (unsigned i = 0; i < q->workers; i++)
        if (inside(q->worker[i].routine, start, end)) {
            *running = true;
            return q->worker[i].item;
        }
    for (PLIST_ENTRY e = q->items.Flink; e != &q->items; e = e->Flink) {
        PWORK_QUEUE_ITEM item = CONTAINING_RECORD(e, WORK_QUEUE_ITEM, List);

        if (inside(routine_of(item), start, end)) {
            *running = false;
            return item;
        }
    }
    return NULL;
}

const void *ex_work_find(const void *start, const void *end, bool *running)
{
    const void *found = NULL;
    unsigned    irql = lock_work();

    for (uint32_t left = work.used; left && !found; left &= left - 1)
        found = find_in_locked(&work.queue[__builtin_ctz(left)], start, end, running);
    unlock_work(irql);
    return found;
}
