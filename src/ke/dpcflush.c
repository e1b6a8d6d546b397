/* SPDX-License-Identifier: MIT */
/*
 * ke/dpcflush.c - KeFlushQueuedDpcs.
 *
 * Each insertion has a number, growing per queue. A flush notes the number of the latest insertion of every queue, threaded
 * ones too (TDP-019), and waits until no DPC with that number or a smaller one is queued or running: exactly what was there
 * at the call, so a DPC that queues itself again does not hold it up (DPC-027 .. DPC-029). A queue whose processing was
 * put off begins at once (DPC-031).
 *
 *   processor A: flush                          processor B: drains
 *     lock; number 7 is running; hang up          running = 7
 *     unlock, wait                                routine of 7 queues itself again, as number 8
 *                                                 lock; 7 is done: A's event comes off the list; unlock
 *     goes on                                  <- sets A's event; number 8 begins
 */
#include "ke/priv.h"

/* On the stack of the thread that waits; q->lock protects next. */
struct dpc_flusher {
    struct dpc_flusher *next;
    uint64_t            up_to;
    KEVENT              event;
};

static bool flushed_locked(const struct ke_dpc_queue *q, uint64_t up_to)
{
    if (q->running && q->running_number <= up_to)
        return false;
    for (PSINGLE_LIST_ENTRY e = q->first; e; e = e->Next)
        if (ke_dpc_number(ke_dpc_of(e)) <= up_to)
            return false;
    return true;
}

struct dpc_flusher *ke_dpc_finished_flushers_locked(struct ke_dpc_queue *q)
{
    struct dpc_flusher *finished = NULL;

    for (struct dpc_flusher **p = &q->flushers; *p;) {
        struct dpc_flusher *f = *p;

        if (!flushed_locked(q, f->up_to)) {
            p = &f->next;
            continue;
        }
        *p = f->next;
        f->next = finished;
        finished = f;
    }
    return finished;
}

/* The flusher's stack frame is gone as soon as its event is set. */
void ke_dpc_release_flushers(struct dpc_flusher *f)
{
    while (f) {
        struct dpc_flusher *next = f->next;

        ke_event_set(&f->event, 0);
        f = next;
    }
}

static void flush_queue(struct ke_dpc_queue *q, uint64_t up_to)
{
    struct dpc_flusher f = {.up_to = up_to};
    unsigned           old = ke_raise_to(DISPATCH_LEVEL);

    ke_event_init(&f.event, NotificationEvent, false);
    mach_lock(&q->lock);
    bool wait = !flushed_locked(q, up_to);

    if (wait) {
        f.next = q->flushers;
        q->flushers = &f;
    }
    mach_unlock(&q->lock);
    if (wait)
        ke_dpc_begin(q);
    mach_irql_lower(old);
    if (wait)
        ke_wait_one(&f.event, NULL);
}

static uint64_t sequence_of(struct ke_dpc_queue *q)
{
    mach_lock(&q->lock);
    uint64_t sequence = q->sequence;

    mach_unlock(&q->lock);
    return sequence;
}

void ke_dpc_flush(void)
{
    uint64_t up_to[MACH_CPUS_MAX][2];
    unsigned old = ke_raise_to(DISPATCH_LEVEL);

    for (unsigned i = 0; i < ke.cpus; i++) {
        up_to[i][0] = sequence_of(&ke.cpu[i].dpc);
        up_to[i][1] = sequence_of(&ke.cpu[i].threaded);
    }
    mach_irql_lower(old);
    ev(EV_DPC_FLUSH, NULL, 0, 0, 0);
    for (unsigned i = 0; i < ke.cpus; i++) {
        flush_queue(&ke.cpu[i].dpc, up_to[i][0]);
        flush_queue(&ke.cpu[i].threaded, up_to[i][1]);
    }
    ev(EV_DPC_FLUSH, NULL, 1, 0, 0);
}
