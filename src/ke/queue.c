/* SPDX-License-Identifier: MIT */
/*
 * ke/queue.c - KQUEUE: entries for a pool of threads, of which only so many run at once.
 *
 * SignalState is the number of entries. A thread belongs to the queue it removed from last; it counts as running
 * (CurrentCount) from when it comes back from KeRemoveQueue until it goes there again, waits for anything at all, or ends.
 * An entry is handed out while CurrentCount is below MaximumCount: to the thread that asks, or to the one that began to wait
 * last (its caches are warm; WRK-036). So there are three occasions to hand one out: an insertion, a thread that comes to
 * ask, and a thread of the queue that stops running.
 *
 *   thread A, running            thread B, waiting on the queue           MaximumCount 1
 *     KeInsertQueue(e)             stays where it is: A runs               state 1
 *     KeWaitForSingleObject(x)     gets e                                  state 0, CurrentCount still 1
 *     x is signaled: A goes on                                             CurrentCount 2: NT allows that too
 *
 * Waiting is wait.c's: a queue is an object that is available while there is an entry and room, and whose consumption
 * takes the oldest entry. wait.c tells when a thread of a queue begins and ends a wait. The dispatcher lock protects all of
 * it. An entry that was handed out has no links: what is found in the list without links was inserted twice (WRK-040).
 */
#include "ke/priv.h"

/* What never changes: no lock is needed. */
static void check(const KQUEUE *q)
{
    uint64_t p[4] = {(uintptr_t)q, mach_irql(), 0, 0};

    if (q->Header.Type != QueueObject || q->Header.Size != sizeof *q / sizeof(LONG))
        ke_bugcheckf("DT-W03", 0x0A, p, "the object given is no initialized queue");
}

/* No thread may ever run: nothing else leaves a queue like that. Dispatcher lock held. */
static bool is_run_down(const KQUEUE *q)
{
    return q->MaximumCount == 0;
}

void ke_queue_init(PKQUEUE q, unsigned count_max)
{
    ke_header_init(&q->Header, QueueObject, sizeof *q, 0);
    InitializeListHead(&q->EntryListHead);
    InitializeListHead(&q->ThreadListHead);
    q->CurrentCount = 0;
    q->MaximumCount = count_max ? count_max : ke.cpus;
}

/* ---- entries ---- */

bool ke_queue_available(const KQUEUE *q)
{
    return is_run_down(q) || (ke_state(&q->Header) > 0 && q->CurrentCount < q->MaximumCount);
}

/* The oldest entry; the state says that there is one. */
static PLIST_ENTRY take_locked(PKQUEUE q)
{
    PLIST_ENTRY e = q->EntryListHead.Flink;
    uint64_t    p[4] = {(uintptr_t)e, (uintptr_t)q, 0, 0};

    if (e == &q->EntryListHead || !e->Flink || !e->Blink)
        ke_bugcheckf(
            NULL, INVALID_WORK_QUEUE_ITEM, p, "queue entry %p was inserted again while it was queued", (void *)e);
    q->EntryListHead.Flink = e->Flink;
    e->Flink->Blink = &q->EntryListHead;
    e->Flink = e->Blink = NULL;
    ke_state_set(&q->Header, ke_state(&q->Header) - 1);
    return e;
}

static void count_locked(ke_thread *t)
{
    t->queue_running = true;
    t->queue->CurrentCount++;
}

static void uncount_locked(ke_thread *t)
{
    t->queue_running = false;
    t->queue->CurrentCount--;
}

void ke_queue_consume_locked(PKQUEUE q, ke_thread *t)
{
    t->queue_entry = is_run_down(q) ? NULL : take_locked(q);
    if (t->queue && !t->queue_running)
        count_locked(t);
}

static ke_thread *first_waiter(const KQUEUE *q)
{
    PLIST_ENTRY e = q->Header.WaitListHead.Flink;

    return e == &q->Header.WaitListHead ? NULL : CONTAINING_RECORD(e, KWAIT_BLOCK, WaitListEntry)->Thread;
}

/* There is an entry more, or one of the queue's threads less that runs. Ends: each round takes an entry. */
static void hand_out_locked(PKQUEUE q)
{
    ke_thread *t;

    while ((t = first_waiter(q)) && ke_queue_available(q)) {
        ke_queue_consume_locked(q, t);
        ke_wake_thread_locked(t, STATUS_SUCCESS, 0, q);
    }
}

LONG ke_queue_insert(PKQUEUE q, PLIST_ENTRY entry, bool first)
{
    uint64_t p[4] = {(uintptr_t)q, (uintptr_t)entry, 0, 0};

    check(q);
    unsigned old = ke_dispatcher_lock();
    LONG     before = ke_state(&q->Header);

    if (is_run_down(q))
        ke_bugcheckf("DT-W03", 0, p, "an entry is inserted into a queue that was run down and not initialized again");
    if (first)
        InsertHeadList(&q->EntryListHead, entry);
    else
        InsertTailList(&q->EntryListHead, entry);
    ev(EV_OBJECT_SIGNAL, q, QueueObject, before + 1, (uint32_t)before);
    ke_state_set(&q->Header, before + 1);
    hand_out_locked(q);
    ke_dispatcher_unlock(old);
    return before;
}

/* ---- threads ---- */

void ke_queue_thread_waits_locked(ke_thread *t)
{
    if (!t->queue_running)
        return;
    uncount_locked(t);
    hand_out_locked(t->queue);
}

void ke_queue_thread_woken_locked(ke_thread *t)
{
    if (!t->queue_running)
        count_locked(t);
}

void ke_queue_leave_locked(ke_thread *t)
{
    ke_queue_thread_waits_locked(t);
    RemoveEntryList(&t->queue_link);
    t->queue = NULL;
}

static void join_locked(PKQUEUE q, ke_thread *t)
{
    if (t->queue && t->queue != q)
        ke_queue_leave_locked(t);
    if (!t->queue) {
        t->queue = q;
        InsertTailList(&q->ThreadListHead, &t->queue_link);
    } else if (t->queue_running) {
        uncount_locked(t); /* not handed out: this thread comes first */
    }
    t->queue_entry = NULL;
}

/* The thread asks this queue: it runs no more for the queue it belonged to, and not yet for this one. False: run down. */
static bool join(PKQUEUE q, ke_thread *t)
{
    unsigned old = ke_dispatcher_lock();
    bool     usable = !is_run_down(q);

    if (usable)
        join_locked(q, t);
    ke_dispatcher_unlock(old);
    return usable;
}

/* Back without an entry: it runs again. After a rundown it belongs to no queue. */
static void resume(ke_thread *t)
{
    unsigned old = ke_dispatcher_lock();

    if (t->queue && !t->queue_running)
        count_locked(t);
    ke_dispatcher_unlock(old);
}

PLIST_ENTRY ke_queue_remove(PKQUEUE q, KPROCESSOR_MODE mode, const int64_t *timeout)
{
    ke_thread     *t = ke_thread_current();
    PVOID          objects[1] = {q};
    struct ke_wait w = {.count = 1,
        .objects = objects,
        .type = WaitAny,
        .reason = WrQueue,
        .mode = mode,
        .timeout = timeout,
        .takes_entry = true};

    check(q);
    if (!join(q, t))
        return (PLIST_ENTRY)(LONG_PTR)STATUS_ABANDONED;
    NTSTATUS status = ke_wait(&w);

    if (status == STATUS_SUCCESS)
        return t->queue_entry ? t->queue_entry : (PLIST_ENTRY)(LONG_PTR)STATUS_ABANDONED;
    resume(t);
    return (PLIST_ENTRY)(LONG_PTR)status;
}

/* ---- rundown ---- */

static void disband_locked(PKQUEUE q)
{
    while (!IsListEmpty(&q->ThreadListHead)) {
        ke_thread *t = CONTAINING_RECORD(RemoveHeadList(&q->ThreadListHead), struct _KTHREAD, queue_link);

        t->queue = NULL;
        t->queue_running = false;
    }
    q->CurrentCount = 0;
}

/* The entries stay linked with each other, without the queue: the caller walks the ring from the first. */
PLIST_ENTRY ke_queue_rundown(PKQUEUE q)
{
    check(q);
    unsigned    old = ke_dispatcher_lock();
    PLIST_ENTRY first = q->EntryListHead.Flink;

    if (first == &q->EntryListHead)
        first = NULL;
    else
        RemoveEntryList(&q->EntryListHead);
    InitializeListHead(&q->EntryListHead);
    disband_locked(q);
    ev(EV_OBJECT_SIGNAL, q, QueueObject, 0, (uint32_t)ke_state(&q->Header));
    q->MaximumCount = 0;
    ke_state_set(&q->Header, 0);
    for (ke_thread *t; (t = first_waiter(q));)
        ke_wake_thread_locked(t, STATUS_ABANDONED, 0, q);
    ke_dispatcher_unlock(old);
    return first;
}
