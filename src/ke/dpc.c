/* SPDX-License-Identifier: MIT */
/*
 * ke/dpc.c - deferred procedure calls: one ordinary and one threaded queue per processor.
 *
 * States of a KDPC. idle (DpcData NULL) -> queued (DpcData = its queue) -> idle again *before* its routine is called. So
 * a DPC can be queued, on this or another processor, while its routine runs (DPC-014, DPC-015), its memory may be freed
 * by its own routine (KTM-079), and a second insertion while queued changes nothing (DPC-012). DpcData is claimed by
 * compare-exchange: two processors that insert one DPC at once agree on one queue.
 *
 * Where and when. A DPC goes to its target's queue or to that of the inserting processor. High importance goes to the head,
 * all others to the tail. Whether processing begins is a question of its own (DPC-047, DPC-050): at once for this
 * processor unless Low; for another one only if MediumHigh or High; when the queue is deep; else at that processor's next
 * tick, or now if it is idle. Processing always empties the whole queue.
 *
 * Flush. Each insertion has a number, growing per queue. A flush notes the number of the latest insertion and waits until no
 * DPC with that number or a smaller one is queued or running: exactly what was there at the call, so a DPC that queues
 * itself again does not hold it up (DPC-027 .. DPC-029).
 */
#include "base/rng.h"
#include "ke/priv.h"

enum { TARGET_BASE = 0x500, DEPTH_MAX = 4 };

struct dpc_flusher {
    struct dpc_flusher *next;
    uint64_t            up_to;
    bool                done;
    KEVENT              event;
};

/* ---- the object ---- */

void ke_dpc_init(PKDPC dpc, PKDEFERRED_ROUTINE routine, void *context, bool threaded)
{
    unsigned type = threaded ? ThreadedDpcObject : DpcObject;

    if (ev_wanted(EV_DPC_INIT)) {
        bool was_queued = (dpc->Type == DpcObject || dpc->Type == ThreadedDpcObject) && dpc->DpcData;

        ev(EV_DPC_INIT, dpc, was_queued, (uintptr_t)routine, (uintptr_t)context);
    }
    dpc->Type = (UCHAR)type;
    dpc->Importance = MediumImportance;
    dpc->Number = 0;
    dpc->DeferredRoutine = routine;
    dpc->DeferredContext = context;
    dpc->DpcData = NULL;
}

void ke_dpc_importance(PKDPC dpc, KDPC_IMPORTANCE importance)
{
    ev(EV_DPC_CHANGE, dpc, dpc->DpcData != NULL, 0, importance);
    dpc->Importance = (UCHAR)importance;
}

bool ke_dpc_target(PKDPC dpc, unsigned cpu)
{
    if (cpu >= ke.cpus)
        return false;
    ev(EV_DPC_CHANGE, dpc, dpc->DpcData != NULL, 1, cpu);
    dpc->Number = (USHORT)(TARGET_BASE + cpu);
    return true;
}

static void check(PKDPC dpc)
{
    if (dpc->Type != DpcObject && dpc->Type != ThreadedDpcObject) {
        uint64_t p[4] = {1, (uintptr_t)dpc, dpc->Type};

        ke_bugcheckf("DT-D01", 0xC7, p, "a DPC is queued that no KeInitializeDpc has seen");
    }
    if (dpc->Number && (dpc->Number < TARGET_BASE || (unsigned)dpc->Number - TARGET_BASE >= ke.cpus)) {
        uint64_t p[4] = {3, (uintptr_t)dpc, dpc->Number, ke.cpus};

        ke_bugcheckf("DT-D11", 0xC7, p, "a DPC has an impossible target processor");
    }
}

/* ---- queues ---- */

void ke_dpc_queue_reset(struct ke_dpc_queue *q, unsigned cpu, bool threaded)
{
    *q = (struct ke_dpc_queue){.cpu = cpu, .threaded = threaded};
    q->last = &q->first;
}

void ke_dpc_boot(void)
{
    for (unsigned i = 0; i < ke.cpus; i++) {
        struct ke_cpu *c = &ke.cpu[i];

        ke_dpc_queue_reset(&c->dpc, i, false);
        ke_dpc_queue_reset(&c->threaded, i, true);
        c->dpc_thread = NULL;
        c->dpc_depth = 0;
    }
}

static PKDPC dpc_of(PSINGLE_LIST_ENTRY e)
{
    return CONTAINING_RECORD(e, KDPC, DpcListEntry);
}

/* Read without the lock by the processor that drains. */
static void depth_add(struct ke_dpc_queue *q, int n)
{
    __atomic_store_n(&q->depth, q->depth + (unsigned)n, __ATOMIC_RELAXED);
}

static void link_locked(struct ke_dpc_queue *q, PKDPC dpc)
{
    PSINGLE_LIST_ENTRY e = &dpc->DpcListEntry;

    dpc->ProcessorHistory = ++q->sequence;
    depth_add(q, 1);
    if (dpc->Importance == HighImportance) {
        e->Next = q->first;
        q->first = e;
        if (!e->Next)
            q->last = &e->Next;
        return;
    }
    e->Next = NULL;
    *q->last = e;
    q->last = &e->Next;
}

static bool unlink_locked(struct ke_dpc_queue *q, PKDPC dpc)
{
    for (PSINGLE_LIST_ENTRY *p = &q->first; *p; p = &(*p)->Next) {
        if (*p != &dpc->DpcListEntry)
            continue;
        *p = dpc->DpcListEntry.Next;
        if (!*p)
            q->last = p;
        depth_add(q, -1);
        return true;
    }
    return false;
}

static PKDPC pop_locked(struct ke_dpc_queue *q)
{
    PSINGLE_LIST_ENTRY e = q->first;

    if (!e)
        return NULL;
    q->first = e->Next;
    if (!q->first)
        q->last = &q->first;
    depth_add(q, -1);
    return dpc_of(e);
}

/* ---- insertion ---- */

static bool begins_at_once(const struct ke_dpc_queue *q, unsigned importance)
{
    bool here = q->cpu == mach_cpu();

    if (q->depth > DEPTH_MAX || ke_clock_tick() == 0)
        return true;
    if (!here && mach_cpu_irql(q->cpu) < DISPATCH_LEVEL && importance != LowImportance &&
        importance != MediumImportance)
        return true;
    return here ? importance != LowImportance
                : importance == HighImportance || importance == MediumHighImportance;
}

static void wake_dpc_thread(struct ke_cpu *c);

static void begin(struct ke_dpc_queue *q)
{
    if (q->threaded)
        wake_dpc_thread(&ke.cpu[q->cpu]);
    else
        mach_line_raise(q->cpu, MACH_LINE_DPC);
}

struct insertion {
    PKDPC    dpc;
    void    *arg1, *arg2;
    unsigned cpu;
    PKTIMER  timer; /* that expired, or NULL */
};

/* IRQL >= 2. False: it is queued already. */
static bool insert(const struct insertion *in)
{
    PKDPC                dpc = in->dpc;
    struct ke_cpu       *c = &ke.cpu[in->cpu];
    bool                 threaded = dpc->Type == ThreadedDpcObject && !ke.cfg.threaded_dpc_off;
    struct ke_dpc_queue *q = threaded ? &c->threaded : &c->dpc;
    void                *idle = NULL;
    bool                 now = true;

    mach_lock(&q->lock);
    if (!__atomic_compare_exchange_n((void **)&dpc->DpcData, &idle, q, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
        ev(EV_DPC_QUEUE_AGAIN, dpc, (uintptr_t)in->arg1, (uintptr_t)in->arg2,
            in->arg1 != dpc->SystemArgument1 || in->arg2 != dpc->SystemArgument2);
        mach_unlock(&q->lock);
        return false;
    }
    dpc->SystemArgument1 = in->arg1;
    dpc->SystemArgument2 = in->arg2;
    link_locked(q, dpc);
    if (in->timer && ke_is_timer2(in->timer->Header.Type))
        __atomic_add_fetch(&((struct ke_ex_timer *)in->timer)->in_flight, 1, __ATOMIC_RELAXED);
    now = threaded || in->timer || begins_at_once(q, dpc->Importance);
    ev(EV_DPC_QUEUE, dpc, in->cpu, (uintptr_t)in->timer, (uintptr_t)dpc->DeferredRoutine);
    mach_unlock(&q->lock);
    if (now)
        begin(q);
    else
        ke_arm_tick(in->cpu);
    return true;
}

static unsigned target_of(PKDPC dpc)
{
    return dpc->Number ? (unsigned)dpc->Number - TARGET_BASE : mach_cpu();
}

bool ke_dpc_queue(PKDPC dpc, void *arg1, void *arg2)
{
    check(dpc);
    unsigned         old = ke_raise_to(DISPATCH_LEVEL);
    struct insertion in = {.dpc = dpc, .arg1 = arg1, .arg2 = arg2, .cpu = target_of(dpc)};
    bool             queued = insert(&in);

    mach_irql_lower(old);
    return queued;
}

/* A processor below DISPATCH_LEVEL calls the routine promptly; this one if it is, else the first other (KTM-049). */
static unsigned prompt_cpu(void)
{
    unsigned here = mach_cpu();

    if (mach_interrupted_irql() < DISPATCH_LEVEL)
        return here;
    for (unsigned i = 0; i < ke.cpus; i++)
        if (i != here && mach_cpu_irql(i) < DISPATCH_LEVEL)
            return i;
    return here;
}

/* The routine must not rely on the arguments of a timer's DPC, so they differ each time (KTM-109). */
static void *garbage(void)
{
    uint64_t k = __atomic_add_fetch(&ke.garbage, 1, __ATOMIC_RELAXED);

    return (void *)(uintptr_t)(rng_mix(k) | 1);
}

bool ke_dpc_queue_from_timer(PKDPC dpc, PKTIMER timer)
{
    check(dpc);
    struct insertion in = {.dpc = dpc, .timer = timer, .arg1 = garbage(), .arg2 = garbage()};

    in.cpu = dpc->Number ? target_of(dpc) : prompt_cpu();
    return insert(&in);
}

/* ---- flush bookkeeping ---- */

static bool flushed_locked(const struct ke_dpc_queue *q, uint64_t up_to)
{
    if (q->running && q->running_sequence <= up_to)
        return false;
    for (PSINGLE_LIST_ENTRY e = q->first; e; e = e->Next)
        if (dpc_of(e)->ProcessorHistory <= up_to)
            return false;
    return true;
}

/* Takes off the flushers that have got what they wait for. */
static struct dpc_flusher *finished_flushers_locked(struct ke_dpc_queue *q)
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
static void release_flushers(struct dpc_flusher *f)
{
    while (f) {
        struct dpc_flusher *next = f->next;

        ke_event_set(&f->event, 0);
        f = next;
    }
}

bool ke_dpc_remove(PKDPC dpc)
{
    unsigned             old = ke_raise_to(DISPATCH_LEVEL);
    struct dpc_flusher  *finished = NULL;
    bool                 removed = false;
    struct ke_dpc_queue *q;

    while (!removed && (q = __atomic_load_n((void **)&dpc->DpcData, __ATOMIC_ACQUIRE))) {
        mach_lock(&q->lock);
        if (__atomic_load_n((void **)&dpc->DpcData, __ATOMIC_RELAXED) == q && unlink_locked(q, dpc)) {
            __atomic_store_n((void **)&dpc->DpcData, NULL, __ATOMIC_RELEASE);
            removed = true;
            finished = finished_flushers_locked(q);
        }
        mach_unlock(&q->lock);
    }
    ev(EV_DPC_REMOVE, dpc, removed, 0, 0);
    release_flushers(finished);
    mach_irql_lower(old);
    return removed;
}

/* ---- running ---- */

static void check_return(const struct insertion *was, PKDEFERRED_ROUTINE routine, unsigned irql, LONG apc_before)
{
    ke_thread *t = ke_thread_current();

    if (mach_irql() != irql) {
        uint64_t p[4] = {mach_irql() << 16 | irql << 8, (uintptr_t)routine, (uintptr_t)was->dpc, mach_irql()};

        ke_bugcheckf("DT-D08", 0xC8, p, "a DPC routine entered at IRQL %u returns at IRQL %u", irql, mach_irql());
    }
    if (t->critical != apc_before) {
        uint64_t p[4] = {was->timer ? 5 : 4, (uintptr_t)was->dpc, (uint64_t)apc_before, (uint64_t)t->critical};

        ke_bugcheckf("DT-D08", 0xC7, p, "a DPC routine changes the APC-disable count from %d to %d",
            (int)apc_before, (int)t->critical);
    }
}

static void call(const struct insertion *in, PKDEFERRED_ROUTINE routine, void *context, unsigned irql)
{
    LONG apc_before = ke_thread_current()->critical;

    if (!routine) {
        uint64_t p[4] = {0, DISPATCH_LEVEL, 8, 0};

        ke_bugcheckf("DT-D01", 0xD1, p, "a DPC without a routine is run");
    }
    routine(in->dpc, context, in->arg1, in->arg2);
    check_return(in, routine, irql, apc_before);
}

/* Runs the first DPC of the queue; false: it is empty. At the IRQL its routines are called at. */
static bool run_one(struct ke_dpc_queue *q)
{
    unsigned old = ke_raise_to(DISPATCH_LEVEL);

    mach_lock(&q->lock);
    PKDPC dpc = pop_locked(q);

    if (!dpc) {
        mach_unlock(&q->lock);
        mach_irql_lower(old);
        return false;
    }
    struct insertion   in = {.dpc = dpc, .arg1 = dpc->SystemArgument1, .arg2 = dpc->SystemArgument2};
    PKDEFERRED_ROUTINE routine = dpc->DeferredRoutine;
    void              *context = dpc->DeferredContext;

    q->running = dpc;
    q->running_sequence = dpc->ProcessorHistory;
    __atomic_store_n((void **)&dpc->DpcData, NULL, __ATOMIC_RELEASE);
    ev(EV_DPC_START, dpc, (uintptr_t)routine, (uintptr_t)context, q->threaded);
    mach_unlock(&q->lock);
    mach_irql_lower(old);

    mach_point(MACH_POINT_DDI, dpc);
    call(&in, routine, context, q->threaded ? PASSIVE_LEVEL : DISPATCH_LEVEL);

    old = ke_raise_to(DISPATCH_LEVEL);
    mach_lock(&q->lock);
    q->running = NULL;
    ev(EV_DPC_END, dpc, (uintptr_t)routine, q->threaded ? PASSIVE_LEVEL : DISPATCH_LEVEL, 0);
    struct dpc_flusher *finished = finished_flushers_locked(q);

    mach_unlock(&q->lock);
    release_flushers(finished);
    mach_irql_lower(old);
    return true;
}

/* Interrupt level DISPATCH. Nothing else of this processor below device level runs until the queue is empty. */
void ke_dpc_drain(void)
{
    struct ke_cpu *c = ke_this_cpu();

    c->dpc_depth++;
    do
        if (__atomic_load_n(&c->dpc.depth, __ATOMIC_RELAXED))
            mach_point(MACH_POINT_DDI, NULL); /* queued, not started: a remove still finds it */
    while (run_one(&c->dpc));
    c->dpc_depth--;
}

bool ke_dpc_executing(void)
{
    return mach_irql() >= DISPATCH_LEVEL && ke_this_cpu()->dpc_depth != 0;
}

bool ke_dpc_kick_deferred(void)
{
    struct ke_dpc_queue *q = &ke_this_cpu()->dpc;

    if (!__atomic_load_n(&q->depth, __ATOMIC_RELAXED))
        return false;
    mach_line_raise(q->cpu, MACH_LINE_DPC);
    return true;
}

/* ---- threaded DPCs ---- */

static void dpc_thread(void *arg)
{
    struct ke_cpu *c = arg;

    for (;;) {
        while (run_one(&c->threaded))
            ;
        ke_wait_one(&c->dpc_thread_wake, NULL);
    }
}

/* Started with the first threaded DPC of its processor; IRQL 2. */
static void wake_dpc_thread(struct ke_cpu *c)
{
    unsigned cpu = (unsigned)(c - ke.cpu);

    if (!c->dpc_thread) {
        ke_event_init(&c->dpc_thread_wake, SynchronizationEvent, true);
        c->dpc_thread = ke_thread_create(dpc_thread, c, HIGH_PRIORITY, 1ull << cpu, true);
        if (c->dpc_thread)
            c->dpc_thread->dpc_thread = true;
        return;
    }
    ke_event_set(&c->dpc_thread_wake, 0);
}

/* ---- flush ---- */

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
        begin(q);
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

unsigned ke_dpc_pending(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < ke.cpus; i++)
        n += ke.cpu[i].dpc.depth + ke.cpu[i].threaded.depth + (ke.cpu[i].dpc.running != NULL) +
             (ke.cpu[i].threaded.running != NULL);
    return n;
}
