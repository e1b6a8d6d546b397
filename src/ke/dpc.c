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
 * processor unless Low; for another one only if MediumHigh or High; when the queue is deep. Else it is put off until
 * that processor's next tick, unless the rate of requests is low, which is a choice. Processing always empties the whole
 * queue. A threaded queue is always processed at once, by its thread.
 *
 * The flush is in dpcflush.c, the watchdog in dpcwatch.c.
 */
#include "base/ddi.h"
#include "base/rng.h"
#include "ke/priv.h"

/* DRAIN_MAX: so many DPCs that were queued while the queue was being processed may be DPCs that queue each other and wait
 * for somebody else: from there on others get on in between. */
#define SELDOM __attribute__((noinline)) /* keeps its registers out of the common path */

enum { TARGET_BASE = 0x500, DEPTH_MAX = 4, DRAIN_MAX = 16 };

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

/* A processor that takes it off its queue may clear the word meanwhile. */
static bool is_queued(PKDPC dpc)
{
    return __atomic_load_n((void **)&dpc->DpcData, __ATOMIC_RELAXED) != NULL;
}

void ke_dpc_importance(PKDPC dpc, KDPC_IMPORTANCE importance)
{
    ev(EV_DPC_CHANGE, dpc, is_queued(dpc), 0, importance);
    dpc->Importance = (UCHAR)importance;
}

bool ke_dpc_target(PKDPC dpc, unsigned cpu)
{
    if (cpu >= ke.cpus)
        return false;
    ev(EV_DPC_CHANGE, dpc, is_queued(dpc), 1, cpu);
    dpc->Number = (USHORT)(TARGET_BASE + cpu);
    return true;
}

static SELDOM _Noreturn void no_dpc(PKDPC dpc)
{
    uint64_t p[4] = {1, (uintptr_t)dpc, (uintptr_t)dpc, (uintptr_t)(dpc + 1)};

    ke_bugcheckf("DT-D01", 0xC7, p, "a DPC is queued that no KeInitializeDpc has seen");
}

static SELDOM void check_target(PKDPC dpc)
{
    uint64_t p[4] = {3, (uintptr_t)dpc, dpc->Number, ke.cpus};

    if (dpc->Number < TARGET_BASE || (unsigned)dpc->Number - TARGET_BASE >= ke.cpus)
        ke_bugcheckf("DT-D11", 0xC7, p, "a DPC has an impossible target processor");
}

static inline void check(PKDPC dpc)
{
    if (__builtin_expect(dpc->Type != DpcObject && dpc->Type != ThreadedDpcObject, 0))
        no_dpc(dpc);
    if (dpc->Number)
        check_target(dpc);
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
        c->dpc_thread_lock = (struct mach_lock){0};
        c->dpc_thread = NULL;
        c->dpc_thread_wanted = 0;
        c->dpc_depth = 0;
        c->dpc_tick = NT_NEVER;
        c->dpc_ns = c->dispatch_ns = 0;
    }
}

static PKDPC dpc_of(PSINGLE_LIST_ENTRY e)
{
    return ke_dpc_of(e);
}

/* Read without the lock by the processor that drains. */
static void depth_add(struct ke_dpc_queue *q, int n)
{
    __atomic_store_n(&q->depth, q->depth + (unsigned)n, __ATOMIC_RELAXED);
}

static void link_locked(struct ke_dpc_queue *q, PKDPC dpc, bool by_timer)
{
    PSINGLE_LIST_ENTRY e = &dpc->DpcListEntry;

    dpc->ProcessorHistory = ++q->sequence << 1 | by_timer;
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

/* Alternative 0 of the choice is the busy processor's: wait for the tick. */
static bool begins_at_once(const struct ke_dpc_queue *q, unsigned importance)
{
    bool here = q->cpu == mach_cpu();

    if (q->depth > DEPTH_MAX || importance == HighImportance || importance == MediumHighImportance)
        return true;
    if (here && importance != LowImportance)
        return true;
    return mach_choose(2, CHOICE_DPC_DELAY) == 1;
}

static void wake_dpc_thread(struct ke_cpu *c);

/* A thread is not woken at device level: the DPC interrupt does it. */
void ke_dpc_begin(struct ke_dpc_queue *q)
{
    struct ke_cpu *c = &ke.cpu[q->cpu];

    if (q->threaded && mach_irql() <= DISPATCH_LEVEL) {
        wake_dpc_thread(c);
        return;
    }
    if (q->threaded)
        __atomic_store_n(&c->dpc_thread_wanted, 1, __ATOMIC_RELAXED);
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
    bool                 now = true;

    mach_lock(&q->lock);
    if (__builtin_expect(!mach_claim((uintptr_t *)&dpc->DpcData, 0, (uintptr_t)q), 0)) {
        ev(EV_DPC_QUEUE_AGAIN, dpc, (uintptr_t)in->arg1, (uintptr_t)in->arg2,
            in->arg1 != dpc->SystemArgument1 || in->arg2 != dpc->SystemArgument2);
        mach_unlock(&q->lock);
        return false;
    }
    dpc->SystemArgument1 = in->arg1;
    dpc->SystemArgument2 = in->arg2;
    link_locked(q, dpc, in->timer != NULL);
    if (in->timer && ke_is_timer2(in->timer->Header.Type))
        __atomic_add_fetch(&((struct ke_ex_timer *)in->timer)->in_flight, 1, __ATOMIC_RELAXED);
    now = threaded || in->timer || begins_at_once(q, dpc->Importance);
    ev(EV_DPC_QUEUE, dpc, in->cpu, (uintptr_t)in->timer, (uintptr_t)dpc->DeferredRoutine);
    mach_unlock(&q->lock);
    if (now)
        ke_dpc_begin(q);
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

/* ---- removal ---- */

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
            finished = ke_dpc_finished_flushers_locked(q);
        }
        mach_unlock(&q->lock);
    }
    ev(EV_DPC_REMOVE, dpc, removed, 0, 0);
    ke_dpc_release_flushers(finished);
    mach_irql_lower(old);
    return removed;
}

static bool is_running_in(struct ke_dpc_queue *q, PKDPC dpc)
{
    mach_lock(&q->lock);
    bool running = q->running == dpc;

    mach_unlock(&q->lock);
    return running;
}

/* Anywhere; here: on this very processor, by a DPC that calls us. */
static bool is_running(PKDPC dpc, bool *here)
{
    unsigned old = ke_raise_to(DISPATCH_LEVEL);
    bool     running = false;

    *here = ke_dpc_executing() && is_running_in(&ke_this_cpu()->dpc, dpc);
    for (unsigned i = 0; i < ke.cpus && !running; i++)
        running = is_running_in(&ke.cpu[i].dpc, dpc) || is_running_in(&ke.cpu[i].threaded, dpc);
    mach_irql_lower(old);
    return running;
}

void ke_dpc_wait_until_idle(PKDPC dpc)
{
    bool here;

    while (is_running(dpc, &here)) {
        if (here) {
            uint64_t p[4] = {0};

            ke_bugcheckf("DT-W14", 0x133, p, "a DPC routine waits for its own end");
        }
        mach_relax(dpc);
    }
}

/* ---- running ---- */

/* What a DPC object says at the moment it is taken off its queue; from then on it may be queued again or be freed. */
struct run {
    struct insertion   in;
    PKDEFERRED_ROUTINE routine;
    void              *context;
    bool               by_timer;
};

static SELDOM void bad_return(const struct run *r, unsigned irql, LONG apc_before, LONG apc)
{
    if (mach_irql() != irql) {
        uint64_t p[4] = {mach_irql() << 16 | irql << 8, (uintptr_t)r->routine, (uintptr_t)r->in.dpc, mach_irql()};

        ke_bugcheckf("DT-D08", 0xC8, p, "a DPC routine entered at IRQL %u returns at IRQL %u", irql, mach_irql());
    }
    uint64_t p[4] = {r->by_timer ? 5 : 4, (uintptr_t)r->routine, (uint64_t)apc_before, (uint64_t)apc};

    ke_bugcheckf(
        "DT-D08", 0xC7, p, "a DPC routine changes the APC-disable count from %d to %d", (int)apc_before, (int)apc);
}

static SELDOM _Noreturn void no_routine(void)
{
    uint64_t p[4] = {0, DISPATCH_LEVEL, 8, 0};

    ke_bugcheckf("DT-D01", 0xD1, p, "a DPC without a routine is run");
}

static inline void call(const struct run *r, const ke_thread *t, unsigned irql)
{
    LONG apc_before = t->critical;

    if (__builtin_expect(!r->routine, 0))
        no_routine();
    r->routine(r->in.dpc, r->context, r->in.arg1, r->in.arg2);
    if (__builtin_expect(mach_irql() != irql || t->critical != apc_before, 0))
        bad_return(r, irql, apc_before, t->critical);
}

/* What must not be done at DISPATCH_LEVEL must not be done here either: ddi/ looks while the count is not 0. */
static SELDOM void call_in_thread(const struct run *r)
{
    ke_thread *t = ke_thread_current();

    __atomic_add_fetch(&ddi_watch, 1, __ATOMIC_RELAXED);
    t->in_dpc = true;
    call(r, t, PASSIVE_LEVEL);
    t->in_dpc = false;
    __atomic_sub_fetch(&ddi_watch, 1, __ATOMIC_RELAXED);
}

bool ke_dpc_in_thread(void)
{
    return ke_thread_current()->in_dpc;
}

/* DPCs run one after the other. queued: the number of the last one that was in the queue when the series began, 0 = it has
 * not; later: how many with a higher number have been run. */
struct series {
    uint64_t queued;
    unsigned later;
};

/* Off the queue, running, idle again: one step under the lock. False: the queue is empty. */
static inline bool begin_run(struct ke_dpc_queue *q, struct run *r, struct series *s, bool in_thread)
{
    unsigned old = in_thread ? ke_raise_to(DISPATCH_LEVEL) : DISPATCH_LEVEL;

    mach_lock(&q->lock);
    PKDPC dpc = pop_locked(q);

    if (dpc) {
        bool plain = dpc->Type == DpcObject;

        *r = (struct run){.in = {.dpc = dpc, .arg1 = dpc->SystemArgument1, .arg2 = dpc->SystemArgument2},
            .routine = dpc->DeferredRoutine,
            .context = dpc->DeferredContext,
            .by_timer = ke_dpc_by_timer(dpc)};
        q->running = dpc;
        q->running_number = ke_dpc_number(dpc);
        if (!s->queued)
            s->queued = q->sequence;
        s->later += q->running_number > s->queued;
        __atomic_store_n((void **)&dpc->DpcData, NULL, __ATOMIC_RELEASE);
        ev(EV_DPC_START, dpc, (uintptr_t)r->routine, (uintptr_t)r->context, q->threaded ? 1 : plain ? 0 : 2);
    }
    mach_unlock(&q->lock);
    if (in_thread)
        mach_irql_lower(old);
    return dpc != NULL;
}

static inline void end_run(struct ke_dpc_queue *q, const struct run *r, bool in_thread)
{
    unsigned old = in_thread ? ke_raise_to(DISPATCH_LEVEL) : DISPATCH_LEVEL;

    mach_lock(&q->lock);
    q->running = NULL;
    ev(EV_DPC_END, r->in.dpc, (uintptr_t)r->routine, q->threaded ? PASSIVE_LEVEL : DISPATCH_LEVEL, 0);
    struct dpc_flusher *finished = q->flushers ? ke_dpc_finished_flushers_locked(q) : NULL;

    mach_unlock(&q->lock);
    if (finished)
        ke_dpc_release_flushers(finished);
    if (in_thread)
        mach_irql_lower(old);
}

/* A rest lets time pass where nobody else can move, and with it a periodic timer queues its DPC again. So those of timers
 * rest seldom: the queue would never be empty, and its processor's threads never run. */
static bool must_rest(const struct run *r, unsigned later)
{
    return !r->by_timer || later % (DRAIN_MAX * DRAIN_MAX) == 0;
}

/* Runs the first DPC of the queue; false: it is empty. At the IRQL its routines are called at. in_thread is q->threaded,
 * told at compile time. */
static inline __attribute__((always_inline)) bool run_one(struct ke_dpc_queue *q, struct series *s, bool in_thread)
{
    struct run r;

    if (!begin_run(q, &r, s, in_thread))
        return false;
    if (__builtin_expect(s->later < DRAIN_MAX || !must_rest(&r, s->later), 1))
        mach_point(MACH_POINT_DDI, r.in.dpc);
    else
        mach_relax(r.in.dpc);
    if (in_thread) {
        call_in_thread(&r);
    } else {
        CONTAINING_RECORD(q, struct ke_cpu, dpc)->dpc_ns = 0;
        call(&r, ke_thread_current(), DISPATCH_LEVEL);
    }
    end_run(q, &r, in_thread);
    return true;
}

/* Interrupt level DISPATCH. Nothing else of this processor below device level runs until the queue is empty. */
void ke_dpc_drain(void)
{
    struct ke_cpu *c = ke_this_cpu();
    struct series  s = {0};

    if (__atomic_load_n(&c->dpc_thread_wanted, __ATOMIC_RELAXED) &&
        __atomic_exchange_n(&c->dpc_thread_wanted, 0, __ATOMIC_ACQUIRE))
        wake_dpc_thread(c);
    c->dpc_depth++;
    c->dispatch_ns = 0;
    do {
        if (!__atomic_load_n(&c->dpc.depth, __ATOMIC_RELAXED)) /* who adds to it now raises the line again */
            break;
        mach_point(MACH_POINT_DDI, NULL); /* queued, not started: a remove still finds it */
    } while (run_one(&c->dpc, &s, false));
    c->dispatch_ns = 0;
    c->dpc_depth--;
}

bool ke_dpc_executing(void)
{
    return mach_irql() >= DISPATCH_LEVEL && ke_this_cpu()->dpc_depth != 0;
}

void ke_dpc_kick_deferred(void)
{
    struct ke_dpc_queue *q = &ke_this_cpu()->dpc;

    if (__atomic_load_n(&q->depth, __ATOMIC_RELAXED))
        mach_line_raise(q->cpu, MACH_LINE_DPC);
}

/* ---- threaded DPCs ---- */

static void dpc_thread(void *arg)
{
    struct ke_cpu *c = arg;

    for (;;) {
        struct series s = {0};

        while (run_one(&c->threaded, &s, true)) /* ends when the queue is empty */
            ;
        ke_wait_one(&c->dpc_thread_wake, NULL);
    }
}

/* Started with the first threaded DPC of its processor; IRQL 2. The event is set from the start: nothing queued before the
 * thread's first look is lost. */
static void wake_dpc_thread(struct ke_cpu *c)
{
    unsigned cpu = (unsigned)(c - ke.cpu);

    mach_lock(&c->dpc_thread_lock);
    bool is_new = !c->dpc_thread;

    if (is_new) {
        ke_event_init(&c->dpc_thread_wake, SynchronizationEvent, true);
        c->dpc_thread = ke_thread_create(dpc_thread, c, HIGH_PRIORITY, 1ull << cpu, true);
        if (!c->dpc_thread)
            ke_bugcheckf(NULL, 0, (const uint64_t[4]){0}, "no memory for the threaded-DPC thread of processor %u", cpu);
    }
    mach_unlock(&c->dpc_thread_lock);
    if (!is_new)
        ke_event_set(&c->dpc_thread_wake, 0);
}

static unsigned pending_in(struct ke_dpc_queue *q)
{
    mach_lock(&q->lock);
    unsigned n = q->depth + (q->running != NULL);

    mach_unlock(&q->lock);
    return n;
}

unsigned ke_dpc_pending(void)
{
    unsigned n = 0, old = ke_raise_to(DISPATCH_LEVEL);

    for_each_cpu(c)
        n += pending_in(&c->dpc) + pending_in(&c->threaded);
    mach_irql_lower(old);
    return n;
}
