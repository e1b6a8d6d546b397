/* SPDX-License-Identifier: MIT */
/*
 * sp/worker.c - work items and threads of a miniport.
 *
 *     idle --QueueWorkItem--> queued --a worker thread takes it--> running (idle as to QueueWorkItem) --return--> idle
 *
 * A work item is free to be queued or freed from the moment its routine begins. Freed while it runs, its memory goes when the
 * routine has returned.
 */
#include "sp/priv.h"

static const uint64_t magic = 0x5774b3c1d2e0f6a9ull;

struct worker {
    struct list        link; /* more.workers */
    uint64_t           magic;
    struct sp_adapter *a;
    struct ex_work     work;
    bool               queued, freed; /* sp_lock() */
    unsigned           running;
    PHW_WORKITEM       routine;
    PVOID              context;
};

struct thread {
    struct list                link; /* more.threads */
    struct sp_adapter         *a;
    ke_thread                 *t;
    PSTOR_THREAD_START_ROUTINE routine;
    PVOID                      context;
};

/* ---- work items ---- */

static bool is_worker_locked(struct sp_adapter *a, const struct worker *w)
{
    for (struct list *l = a->more.workers.next; l != &a->more.workers; l = l->next)
        if (container_of(l, struct worker, link) == w)
            return !w->freed;
    return false;
}

static void drop(struct worker *w)
{
    w->magic = 0;
    ke_object_free(w, sizeof *w);
}

static void call(struct worker *w, PHW_WORKITEM routine, PVOID context)
{
    struct sp_frame f = {.message = -1};

    sp_call_begin(&f, w->a, SP_CALL_WORK_ITEM, (const void *)routine);
    routine(w->a->extension, context, w);
    sp_call_end(&f);
}

static void work(struct ex_work *x)
{
    struct worker     *w = container_of(x, struct worker, work);
    struct sp_adapter *a = w->a;
    unsigned           old = sp_lock(a);
    PHW_WORKITEM       routine = w->routine;
    PVOID              context = w->context;

    w->queued = false;
    w->running++;
    sp_unlock(a, old);
    call(w, routine, context);
    old = sp_lock(a);
    bool gone = --w->running == 0 && w->freed && !w->queued;
    bool wake = --a->more.busy_workers == 0 && a->more.closing;

    sp_unlock(a, old);
    if (gone)
        drop(w);
    if (wake)
        ke_event_set(&a->more.idle, IO_NO_INCREMENT);
}

ULONG sp_worker_create(struct sp_adapter *a, PVOID *worker)
{
    struct worker *w = ex_pool_fault() ? NULL : ke_object_alloc(sizeof *w);

    if (!w)
        return STOR_STATUS_INSUFFICIENT_RESOURCES;
    *w = (struct worker){.magic = magic, .a = a, .work.fn = work};
    unsigned old = sp_lock(a);

    list_add_tail(&a->more.workers, &w->link);
    sp_unlock(a, old);
    *worker = w;
    return STOR_STATUS_SUCCESS;
}

/* STX-021: STOR_STATUS_SUCCESS when it has become queued. */
static ULONG claim(struct sp_adapter *a, struct worker *w, PHW_WORKITEM routine, PVOID context)
{
    ULONG    status = STOR_STATUS_SUCCESS;
    unsigned old = sp_lock(a);

    if (!is_worker_locked(a, w))
        status = STOR_STATUS_INVALID_PARAMETER;
    else if (a->more.closing)
        status = STOR_STATUS_INVALID_DEVICE_STATE;
    else if (w->queued)
        status = STOR_STATUS_BUSY;
    else {
        w->queued = true;
        w->routine = routine;
        w->context = context;
        a->more.busy_workers++;
    }
    sp_unlock(a, old);
    return status;
}

ULONG sp_worker_queue(struct sp_adapter *a, PVOID worker, PHW_WORKITEM routine, PVOID context)
{
    struct worker *w = worker;
    ULONG          status = claim(a, w, routine, context);

    if (status == STOR_STATUS_SUCCESS)
        ex_work_submit(&w->work, DelayedWorkQueue);
    return status;
}

ULONG sp_worker_free(struct sp_adapter *a, PVOID worker)
{
    struct worker *w = worker;
    ULONG          status = STOR_STATUS_UNSUCCESSFUL;
    bool           now = false;
    unsigned       old = sp_lock(a);

    if (is_worker_locked(a, w)) {
        status = w->queued ? STOR_STATUS_BUSY : STOR_STATUS_SUCCESS;
        if (!w->queued) {
            list_del(&w->link);
            w->freed = true;
            now = w->running == 0;
        }
    }
    sp_unlock(a, old);
    if (now)
        drop(w);
    return status;
}

/* ---- threads ---- */

static void thread_ended(void *arg)
{
    struct thread     *t = arg;
    struct sp_adapter *a = t->a;
    unsigned           old = sp_lock(a);

    list_del(&t->link);
    a->more.n_threads--;
    sp_unlock(a, old);
    ke_object_free(t, sizeof *t);
}

static void thread_main(void *arg)
{
    struct thread *t = arg;

    t->routine(t->context);
    sp_stop("DT-S13", t, (const void *)t->routine, /* STX-026 */
        "a thread of StorPortCreateSystemThread returns instead of calling StorPortTerminateSystemThread");
    ke_thread_exit(STATUS_SUCCESS);
}

static bool may_have_another(struct sp_adapter *a)
{
    unsigned old = sp_lock(a);
    bool     may = a->more.n_threads < a->n_cpus;

    a->more.n_threads += may;
    sp_unlock(a, old);
    return may;
}

static void give_back(struct sp_adapter *a)
{
    unsigned old = sp_lock(a);

    a->more.n_threads--;
    sp_unlock(a, old);
}

static bool is_priority(ULONG p)
{
    return p == 7 || p == 8 || (p >= 12 && p <= 15) || p == 18; /* STX-025 */
}

static struct thread *start(struct thread *t, KPRIORITY priority)
{
    struct sp_adapter *a = t->a;
    unsigned           old = sp_lock(a);

    list_add_tail(&a->more.threads, &t->link);
    sp_unlock(a, old);
    t->t = ke_thread_create_system_for(thread_main, t, priority, thread_ended, t);
    if (t->t)
        return t;
    old = sp_lock(a);
    list_del(&t->link);
    sp_unlock(a, old);
    return NULL;
}

ULONG sp_thread_create(struct sp_adapter *a, PSTOR_THREAD_START_ROUTINE routine, PVOID context,
    PSTOR_THREAD_PRIORITY priority, PVOID *thread)
{
    KPRIORITY      p = priority ? (KPRIORITY)*priority : StorThreadPriorityNormal;
    struct thread *t;

    if (!is_priority((ULONG)p))
        return STOR_STATUS_INVALID_PARAMETER;
    if (!may_have_another(a))
        return STOR_STATUS_UNSUCCESSFUL;
    t = ex_pool_fault() ? NULL : ke_object_alloc(sizeof *t);
    if (t)
        *t = (struct thread){.a = a, .routine = routine, .context = context};
    if (!t || !start(t, p)) {
        give_back(a);
        if (t)
            ke_object_free(t, sizeof *t);
        return STOR_STATUS_UNSUCCESSFUL;
    }
    ke_thread_dereference(t->t);
    if (thread)
        *thread = t;
    return STOR_STATUS_SUCCESS;
}

bool sp_thread_is(struct sp_adapter *a, PVOID thread)
{
    unsigned old = sp_lock(a);
    bool     is = false;

    for (struct list *l = a->more.threads.next; l != &a->more.threads && !is; l = l->next)
        is = container_of(l, struct thread, link) == thread;
    sp_unlock(a, old);
    return is;
}

bool sp_thread_is_current(PVOID thread)
{
    return ((struct thread *)thread)->t == ke_thread_current();
}

ULONG sp_thread_priority(struct sp_adapter *a, PVOID thread, STOR_THREAD_PRIORITY priority)
{
    if (!sp_thread_is(a, thread) || !is_priority((ULONG)priority))
        return STOR_STATUS_INVALID_PARAMETER;
    ke_thread_priority_set(((struct thread *)thread)->t, (KPRIORITY)priority);
    return STOR_STATUS_SUCCESS;
}

_Noreturn void sp_thread_end(void)
{
    ke_thread_exit(STATUS_SUCCESS);
}

/* ---- the end ---- */

void sp_more_close(struct sp_adapter *a)
{
    unsigned old = sp_lock(a);
    bool     wait = a->more.busy_workers > 0;

    a->more.closing = true;
    sp_unlock(a, old);
    if (wait)
        ke_wait_one(&a->more.idle, NULL);
}

/* STX-026: nobody may come back to a driver that is gone. */
static void check_threads(struct sp_adapter *a)
{
    if (a->more.n_threads)
        sp_stop("DT-S03", a->extension, NULL,
            "%u threads of StorPortCreateSystemThread live when the adapter is removed", a->more.n_threads);
}

void sp_workers_fini(struct sp_adapter *a)
{
    unsigned n = 0;

    while (!list_empty(&a->more.workers)) {
        drop(container_of(list_pop(&a->more.workers), struct worker, link));
        n++;
    }
    if (n)
        sp_warn("DT-S03", a->extension, NULL, "%u work items of StorPortInitializeWorker are left after removal", n);
    check_threads(a);
}
