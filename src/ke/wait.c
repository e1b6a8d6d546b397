/* SPDX-License-Identifier: MIT */
/*
 * ke/wait.c - waiting for dispatcher objects.
 *
 * All under one lock, the dispatcher lock. A waiting thread hangs one wait block on each object, first come first served,
 * and one more on its own timer when it has a time-out: the time-out is an object like the others, whose wait key is
 * STATUS_TIMEOUT. Who signals an object hands it over there and then (takes the state on the waiter's behalf, fills in
 * the status, takes the waiter's blocks off all lists); the thread is unparked when the lock is let go. A satisfied wait is
 * never undone, nothing can be lost between the test and the wait (WAI-021, WAI-022), and the object may be freed by the
 * waiter at once (EVT-036).
 *
 * What ends a wait, in the order in which it is looked at: an object, an alert, a user APC, the time-out (WAI-007, WAI-052).
 * A kernel APC only interrupts it; see apc.c for why the thread is at APC_LEVEL meanwhile. It then waits on to the same
 * deadline, and since the routine may have waited too, the thread's timer is set anew.
 *
 * Wait = TRUE. KeSetEvent and its like then return at DISPATCH_LEVEL, so that no switch comes in between here (EVT-017,
 * EVT-019); nothing is locked, other processors go on. The next wait lowers IRQL to what it was before the set. Every routine
 * looks at its door whether it is that wait (ddi_watch, DT-W05).
 */
#include "base/ddi.h"
#include "ke/priv.h"

/* ---- what each kind of object does when a wait has it ---- */

static bool available(const DISPATCHER_HEADER *h, const ke_thread *t)
{
    if (h->Type == MutantObject)
        return ke_mutex_available((const KMUTANT *)h, t);
    if (h->Type == QueueObject)
        return ke_queue_available((const KQUEUE *)h);
    return ke_state(h) > 0;
}

/* Takes the object for the thread; true: it was an abandoned mutex. */
static bool consume(DISPATCHER_HEADER *h, ke_thread *t, bool at_dispatch)
{
    switch (h->Type) {
    case EventSynchronizationObject:
    case TimerSynchronizationObject:
    case Timer2SynchronizationObject:
        ke_state_set(h, 0);
        return false;
    case SemaphoreObject:
        ke_state_set(h, ke_state(h) - 1);
        return false;
    case MutantObject:
        return ke_mutex_consume_locked((PKMUTEX)h, t, at_dispatch);
    case QueueObject:
        ke_queue_consume_locked((PKQUEUE)h, t);
        return false;
    default:
        return false;
    }
}

/* Memory that was never initialized, or is something else, has links that lead nowhere. Looked at without the lock, which
 * would not make garbage better: any links of a real list will do. */
UNSYNCHRONIZED static bool is_list_head(const LIST_ENTRY *l)
{
    uintptr_t both = (uintptr_t)l->Flink | (uintptr_t)l->Blink;

    return l->Flink && l->Blink && both % sizeof(void *) == 0;
}

UNSYNCHRONIZED static bool is_waitable(const DISPATCHER_HEADER *h)
{
    switch (h->Type) {
    case EventNotificationObject:
    case EventSynchronizationObject:
    case MutantObject:
    case SemaphoreObject:
    case ThreadObject:
    case ProcessObject:
    case TimerNotificationObject:
    case TimerSynchronizationObject:
    case Timer2NotificationObject:
    case Timer2SynchronizationObject:
        return is_list_head(&h->WaitListHead);
    default:
        return false;
    }
}

/* ---- waking ---- */

static void unhook(ke_thread *t)
{
    for (unsigned i = 0; i < t->wait_count; i++)
        RemoveEntryList(&t->wait_blocks[i].WaitListEntry);
    if (t->timer_block.Object) {
        RemoveEntryList(&t->timer_block.WaitListEntry);
        t->timer_block.Object = NULL;
    }
}

static bool all_available(const ke_thread *t)
{
    for (unsigned i = 0; i < t->wait_count; i++)
        if (!available(t->wait_blocks[i].Object, t))
            return false;
    return true;
}

static NTSTATUS take_all(ke_thread *t, unsigned count, PVOID const *objects, bool at_dispatch)
{
    NTSTATUS status = STATUS_SUCCESS;

    for (unsigned i = 0; i < count; i++)
        if (consume(objects[i], t, at_dispatch))
            status = STATUS_ABANDONED;
    return status;
}

/* A boost lasts until the thread has waited again; real-time priorities have none (EVT-022, EVT-025). */
static void boost_locked(ke_thread *t, KPRIORITY increment)
{
    KPRIORITY p = t->base + (increment > 0 ? increment : 0);

    if (t->base >= LOW_REALTIME_PRIORITY)
        p = t->base;
    else if (p >= LOW_REALTIME_PRIORITY)
        p = LOW_REALTIME_PRIORITY - 1;
    if (p == t->priority)
        return;
    t->priority = p;
    mach_ctx_priority(t->ctx, (unsigned)p);
}

void ke_wake_thread_locked(ke_thread *t, NTSTATUS status, KPRIORITY increment, const void *by)
{
    unhook(t);
    t->waiting = false;
    t->wait_status = status;
    if (t->queue)
        ke_queue_thread_woken_locked(t);
    boost_locked(t, increment);
    ev(EV_WAIT_WAKE, t, (uintptr_t)by, 0, 0);
    t->next_woken = NULL;
    *ke.woken_last = t;
    ke.woken_last = &t->next_woken;
}

/* The block's thread gets the object if that ends its wait; returns whether it did. */
static bool offer(PKWAIT_BLOCK b, KPRIORITY increment)
{
    ke_thread  *t = b->Thread;
    const void *by = b->Object;
    NTSTATUS    status;

    if (b->WaitType == WaitAny) {
        status = b->WaitKey;
        if (consume(b->Object, t, false))
            status += STATUS_ABANDONED;
    } else {
        PVOID objects[MAXIMUM_WAIT_OBJECTS];

        if (!all_available(t))
            return false;
        for (unsigned i = 0; i < t->wait_count; i++)
            objects[i] = t->wait_blocks[i].Object;
        status = take_all(t, t->wait_count, objects, false);
    }
    ke_wake_thread_locked(t, status, increment, by);
    return true;
}

/* A woken thread's blocks leave all lists, maybe several of this one: so begin again. Ends: each round wakes a thread. */
void ke_wake_waiters_locked(DISPATCHER_HEADER *h, KPRIORITY increment)
{
    PLIST_ENTRY e = h->WaitListHead.Flink;

    while (e != &h->WaitListHead && ke_state(h) > 0) {
        PLIST_ENTRY next = e->Flink;

        e = offer(CONTAINING_RECORD(e, KWAIT_BLOCK, WaitListEntry), increment) ? h->WaitListHead.Flink : next;
    }
}

/* ---- who waits for what: for those who are about to wipe or free it ---- */

static const void *waited_for_in_locked(const void *start, size_t bytes)
{
    for (PLIST_ENTRY e = ke.threads.Flink; e != &ke.threads; e = e->Flink) {
        const ke_thread *t = CONTAINING_RECORD(e, struct _KTHREAD, all);

        for (unsigned i = 0; t->waiting && i < t->wait_count; i++)
            if ((uintptr_t)t->wait_blocks[i].Object - (uintptr_t)start < bytes)
                return t->wait_blocks[i].Object;
    }
    return NULL;
}

const void *ke_waited_for_in(const void *start, size_t bytes)
{
    unsigned    old = ke_dispatcher_lock();
    const void *object = waited_for_in_locked(start, bytes);

    ke_dispatcher_unlock(old);
    return object;
}

/* ---- Wait = TRUE ---- */

void ke_wait_follows(unsigned level)
{
    ke_thread *t = ke_thread_current();

    t->wait_follows = true;
    t->wait_level = level;
    __atomic_add_fetch(&ddi_watch, 1, __ATOMIC_RELAXED);
}

static void wait_has_followed(ke_thread *t)
{
    if (!t->wait_follows)
        return;
    t->wait_follows = false;
    __atomic_sub_fetch(&ddi_watch, 1, __ATOMIC_RELAXED);
}

/* Before the call raises an exception: IRQL as it found it. */
void ke_wait_called_off(void)
{
    ke_thread *t = ke_thread_current();
    unsigned   level = t->wait_level;

    if (!t->wait_follows)
        return;
    wait_has_followed(t);
    mach_irql_lower(level);
}

bool ke_is_wait_expected(void)
{
    return mach_irql() == DISPATCH_LEVEL && ke_thread_current()->wait_follows;
}

/* The level that a wait beginning now goes back to. */
static unsigned level_of(const ke_thread *t)
{
    return t->wait_follows ? t->wait_level : mach_irql();
}

/* ---- what may not wait ---- */

static _Noreturn void no_object(const void *object)
{
    uint64_t p[4] = {(uintptr_t)object, mach_irql(), 0, 0};

    ke_bugcheckf("DT-W03", 0x0A, p, "a wait is given something that is no initialized dispatcher object");
}

/* MTX-017 */
static void user_mode_mutex(const void *object)
{
    uint64_t p[4] = {(uintptr_t)object, 0, 0, 0};

    ke_violationf("DT-W09", 0, p, "a wait for a mutex is made with WaitMode = UserMode");
}

static inline void check_objects(const struct ke_wait *w)
{
    for (unsigned i = 0; i < w->count; i++) {
        const DISPATCHER_HEADER *h = w->objects[i];

        if (!h || (!is_waitable(h) && !(w->takes_entry && h->Type == QueueObject)))
            no_object(h);
        if (h->Type == MutantObject && ((const KMUTANT *)h)->ApcDisable && w->mode != KernelMode)
            user_mode_mutex(h);
    }
}

/* WAI-037 .. WAI-040. The verifier has seen the wait begin already and stops with its own codes. */
static void check_level(const struct ke_wait *w, const ke_thread *t, unsigned level)
{
    uint64_t p[4] = {(uintptr_t)t, level, 0, 0};

    if (w->timeout && *w->timeout == 0 && level <= DISPATCH_LEVEL)
        return;
    if (ke_dpc_executing())
        ke_bugcheckf("DT-D06", 0xB8, p, "a DPC routine waits");
    if (level >= DISPATCH_LEVEL) {
        p[0] = 0;
        ke_bugcheckf("DT-W01", 0x0A, p, "a thread waits at IRQL %u", level);
    }
}

/* ---- waiting ---- */

/* A wait in progress. deadline: interrupt time, when timed and not absolute. */
struct progress {
    const struct ke_wait *w;
    ke_thread            *t;
    unsigned              level;
    bool                  timed, started, exhausted;
    nt_100ns              deadline;
};

static bool take_any_now(struct progress *p, NTSTATUS *status)
{
    const struct ke_wait *w = p->w;

    for (unsigned i = 0; i < w->count; i++) {
        if (!available(w->objects[i], p->t))
            continue;
        *status = (NTSTATUS)i;
        if (consume(w->objects[i], p->t, p->level >= DISPATCH_LEVEL))
            *status += STATUS_ABANDONED;
        return true;
    }
    return false;
}

/* An available mutex that its owner has acquired as often as can be: nothing is taken (MTX-009). */
static bool is_exhausted(const struct progress *p)
{
    const struct ke_wait *w = p->w;

    for (unsigned i = 0; i < w->count; i++) {
        const DISPATCHER_HEADER *h = w->objects[i];

        if (h->Type == MutantObject && ke_mutex_exhausted((const KMUTANT *)h, p->t))
            return true;
        if (w->type == WaitAny && available(h, p->t))
            return false;
    }
    return false;
}

/* Dispatcher lock held. True: the wait ends at once with *status. */
static bool satisfied_now(struct progress *p, NTSTATUS *status)
{
    const struct ke_wait *w = p->w;

    if (is_exhausted(p)) {
        p->exhausted = true;
        return true;
    }
    if (w->type == WaitAny)
        return take_any_now(p, status);
    for (unsigned i = 0; i < w->count; i++)
        if (!available(w->objects[i], p->t))
            return false;
    *status = take_all(p->t, w->count, w->objects, p->level >= DISPATCH_LEVEL);
    return true;
}

static bool timed_out(const struct progress *p)
{
    if (!p->w->timeout)
        return false;
    return !p->timed || (p->started && available(&p->t->timer.Header, p->t));
}

static void hook(PKWAIT_BLOCK b, ke_thread *t, DISPATCHER_HEADER *h, unsigned key, unsigned type)
{
    b->Thread = t;
    b->Object = h;
    b->WaitKey = (USHORT)key;
    b->WaitType = (UCHAR)type;
    if (h->Type == QueueObject)
        InsertHeadList(&h->WaitListHead, &b->WaitListEntry); /* WRK-036 */
    else
        InsertTailList(&h->WaitListHead, &b->WaitListEntry);
}

/* WAI-032: a caller's wait blocks serve one wait at a time. */
static void check_blocks_locked(const struct ke_wait *w)
{
    uintptr_t lo = (uintptr_t)w->blocks, hi = (uintptr_t)(w->blocks + w->count);

    for (PLIST_ENTRY e = ke.threads.Flink; e != &ke.threads; e = e->Flink) {
        const ke_thread *t = CONTAINING_RECORD(e, struct _KTHREAD, all);
        uintptr_t        from = (uintptr_t)t->wait_blocks, to = from + t->wait_count * sizeof *t->wait_blocks;
        uint64_t         p[4] = {lo, t->id, 0, 0};

        if (t->waiting && from < hi && lo < to)
            ke_bugcheckf("DT-W09", 0, p, "a wait block array is used by a wait of thread %u already", t->id);
    }
}

static void hook_all_locked(const struct progress *p)
{
    const struct ke_wait *w = p->w;
    ke_thread            *t = p->t;

    if (w->blocks)
        check_blocks_locked(w);
    t->wait_blocks = w->blocks ? w->blocks : t->own_blocks;
    t->wait_count = w->count;
    for (unsigned i = 0; i < w->count; i++)
        hook(&t->wait_blocks[i], t, w->objects[i], i, (unsigned)w->type);
    t->timer_block.Object = NULL;
    if (p->timed)
        hook(&t->timer_block, t, &t->timer.Header, STATUS_TIMEOUT, WaitAny);
    t->wait_alertable = w->alertable;
    t->wait_mode = (uint8_t)w->mode;
    t->wait_level = p->level;
    t->waiting = true;
    if (t->queue)
        ke_queue_thread_waits_locked(t);
}

/* To the deadline, from now: the timer may have served another wait since (WAI-053). */
static void start_timer(struct progress *p)
{
    struct ke_timer_set set = {.due = *p->w->timeout};

    if (set.due < 0) {
        nt_100ns now = ke_interrupt_time(), left = p->deadline > now ? p->deadline - now : 1;

        set.due = left > INT64_MAX ? INT64_MIN : -(int64_t)left;
    }
    ke_timer_set(&p->t->timer, &set);
    p->started = true;
}

enum step { STEP_DONE, STEP_AGAIN, STEP_PARK, STEP_APC };

/* One look at everything, under the lock; leaves IRQL at APC_LEVEL, or at the caller's level when the wait is over. */
static enum step look(struct progress *p, NTSTATUS *status)
{
    ke_thread *t = p->t;
    enum step  next = STEP_DONE;

    ke_dispatcher_lock();
    if (p->level == PASSIVE_LEVEL && ke_apc_deliverable_locked(t))
        next = STEP_APC;
    else if (satisfied_now(p, status))
        ;
    else if (ke_apc_interrupts_wait_locked(t, p->w->alertable, p->w->mode, status))
        ;
    else if (timed_out(p))
        *status = STATUS_TIMEOUT;
    else if (p->timed && !p->started)
        next = STEP_AGAIN;
    else {
        hook_all_locked(p);
        next = STEP_PARK;
    }
    ke_dispatcher_unlock(next == STEP_DONE ? p->level : APC_LEVEL);
    return next;
}

static void announce(const struct progress *p)
{
    const struct ke_wait *w = p->w;
    unsigned              timeout = !w->timeout ? 0 : *w->timeout ? 2 : 1;

    ev(EV_WAIT_BEGIN, w->count ? w->objects[0] : &p->t->timer, w->count, w->count ? (uintptr_t)w->objects : 0,
        timeout | (p->t->wait_follows ? 4 : 0));
}

/* APC_LEVEL before and after. */
static void deliver(struct progress *p)
{
    if (p->started)
        ke_timer_cancel(&p->t->timer);
    p->started = false;
    ke_apc_deliver();
    announce(p); /* what the routine waited for is not what this wait is for */
}

/* IRQL is raised to APC_LEVEL; lowers it to p->level. */
static NTSTATUS wait_with(struct progress *p)
{
    NTSTATUS  status = STATUS_PENDING;
    enum step next;

    while ((next = look(p, &status)) != STEP_DONE) {
        if (next == STEP_AGAIN) {
            start_timer(p); /* outside the dispatcher lock: timer locks come first */
            continue;
        }
        if (next == STEP_PARK) {
            mach_park(); /* who woke us has let go of the dispatcher lock, and so of our objects: ke_dispatcher_release() */
            ke_processor_awake();
            status = p->t->wait_status;
        }
        if (next == STEP_PARK && status != STATUS_KERNEL_APC)
            break;
        deliver(p);
    }
    if (p->started && status != STATUS_TIMEOUT)
        ke_timer_cancel(&p->t->timer);
    mach_irql_lower(p->level);
    return status;
}

/*
 * The wait has made the thread an owner of mutexes. Who waited with no time at all, or got several at once, did not wait for
 * one with another held: the order of these says nothing.
 */
static void announce_mutexes(const struct progress *p, NTSTATUS status)
{
    const struct ke_wait *w = p->w;
    bool                  all = w->type == WaitAll;
    uint64_t              how = w->timeout && !p->timed ? EV_LOCK_TRIED : 0;

    for (unsigned i = all ? 0 : (unsigned)status & 63; i < w->count; i++) {
        const KMUTANT *m = w->objects[i];

        if (m->Header.Type == MutantObject && m->ApcDisable && m->OwnerThread == p->t && ke_state(&m->Header) == 0) {
            ev(EV_LOCK_ACQUIRE, m, EV_LOCK_MUTEX, p->level, how);
            how = EV_LOCK_TRIED;
        }
        if (!all)
            return;
    }
}

static NTSTATUS wait_from(const struct ke_wait *w, bool precise)
{
    ke_thread      *t = ke_thread_current();
    struct progress p = {.w = w, .t = t, .level = level_of(t), .timed = w->timeout && *w->timeout != 0};
    LONG            apc_before = t->critical;

    announce(&p);
    check_objects(w);
    check_level(w, t, p.level);
    wait_has_followed(t);
    if (p.timed && *w->timeout < 0)
        p.deadline =
            units_add_sat(precise ? ke_interrupt_time_precise() : ke_interrupt_time(), units_magnitude(*w->timeout));
    ke_raise_to(APC_LEVEL);
    NTSTATUS status = wait_with(&p);

    if (t->critical != apc_before)
        ev(EV_APC_DISABLE, t, (int64_t)apc_before, (int64_t)t->critical, 0);
    if (ev_wanted(EV_LOCK_ACQUIRE) && (unsigned)status <= STATUS_ABANDONED_WAIT_63 && !p.exhausted)
        announce_mutexes(&p, status);
    ev(EV_WAIT_END, w->count ? w->objects[0] : &t->timer, (uint32_t)status, 0, 0);
    if (p.exhausted && w->no_raise)
        return STATUS_MUTANT_LIMIT_EXCEEDED;
    if (p.exhausted)
        ke_raise_status(STATUS_MUTANT_LIMIT_EXCEEDED, "DT-W06", NULL, "a mutex is acquired more often than it can be");
    return status;
}

NTSTATUS ke_wait(const struct ke_wait *w)
{
    return wait_from(w, false);
}

NTSTATUS ke_wait_one(void *object, const int64_t *timeout)
{
    PVOID          objects[1] = {object};
    struct ke_wait w = {.count = 1, .objects = objects, .type = WaitAny, .timeout = timeout};

    return ke_wait(&w);
}

/* A wait for nothing but its time-out. Never early, unlike others: due from the exact time, not from the last tick
 * (WAI-068). */
NTSTATUS ke_delay(bool alertable, KPROCESSOR_MODE mode, int64_t interval)
{
    struct ke_wait w = {.type = WaitAny, .alertable = alertable, .mode = mode, .timeout = &interval};
    NTSTATUS       status = wait_from(&w, true);

    if (status != STATUS_TIMEOUT)
        return status;
    if (interval == 0 && mach_irql() < DISPATCH_LEVEL)
        mach_yield();
    return STATUS_SUCCESS;
}
