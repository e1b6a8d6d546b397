/* SPDX-License-Identifier: MIT */
/*
 * ke/wait.c - waiting for dispatcher objects.
 *
 * All under one lock, the dispatcher lock. A waiting thread hangs one wait block on each object, first come first served,
 * and one more on its own timer when it has a time-out: the time-out is an object like the others, whose wait key is
 * STATUS_TIMEOUT. Who signals an object hands it over there and then (takes the state on the waiter's behalf, fills in
 * the status, takes the waiter's blocks off all lists) and unparks the thread: a satisfied wait is never undone, and
 * nothing can be lost between the test and the wait (WAI-021, WAI-022).
 */
#include "ke/priv.h"

/* ---- what each kind of object does when a wait has it ---- */

static bool available(const DISPATCHER_HEADER *h, const ke_thread *t)
{
    if (h->Type == MutantObject)
        return ke_mutex_available((const KMUTANT *)h, t);
    return ke_state(h) > 0;
}

/* Takes the object for the thread; true: it was an abandoned mutex. */
static bool consume(DISPATCHER_HEADER *h, ke_thread *t)
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
        return ke_mutex_consume_locked((PKMUTEX)h, t);
    default:
        return false;
    }
}

static bool is_waitable(const DISPATCHER_HEADER *h)
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
        return h->WaitListHead.Flink != NULL;
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

static NTSTATUS take_all(ke_thread *t, unsigned count, PVOID const *objects)
{
    NTSTATUS status = STATUS_SUCCESS;

    for (unsigned i = 0; i < count; i++)
        if (consume(objects[i], t))
            status = STATUS_ABANDONED;
    return status;
}

static void wake(ke_thread *t, NTSTATUS status, const void *by)
{
    unhook(t);
    t->waiting = false;
    t->wait_status = status;
    ev(EV_WAIT_WAKE, t, (uintptr_t)by, 0, 0);
    mach_unpark(t->ctx);
}

/* The block's thread gets the object if that ends its wait; returns whether it did. */
static bool offer(PKWAIT_BLOCK b)
{
    ke_thread  *t = b->Thread;
    const void *by = b->Object;
    NTSTATUS    status;

    if (b->WaitType == WaitAny) {
        status = b->WaitKey;
        if (consume(b->Object, t))
            status += STATUS_ABANDONED;
    } else {
        PVOID objects[MAXIMUM_WAIT_OBJECTS];

        if (!all_available(t))
            return false;
        for (unsigned i = 0; i < t->wait_count; i++)
            objects[i] = t->wait_blocks[i].Object;
        status = take_all(t, t->wait_count, objects);
    }
    wake(t, status, by);
    return true;
}

/* A woken thread's blocks leave all lists, maybe several of this one: so begin again. Ends: each round wakes a thread. */
void ke_wake_waiters_locked(DISPATCHER_HEADER *h)
{
    PLIST_ENTRY e = h->WaitListHead.Flink;

    while (e != &h->WaitListHead && ke_state(h) > 0) {
        PLIST_ENTRY next = e->Flink;

        e = offer(CONTAINING_RECORD(e, KWAIT_BLOCK, WaitListEntry)) ? h->WaitListHead.Flink : next;
    }
}

/* ---- waiting ---- */

/* Dispatcher lock held. True: the wait ends at once with *status. */
static bool satisfied_now(const struct ke_wait *w, ke_thread *t, NTSTATUS *status)
{
    if (w->type == WaitAny) {
        for (unsigned i = 0; i < w->count; i++) {
            if (!available(w->objects[i], t))
                continue;
            *status = (NTSTATUS)i;
            if (consume(w->objects[i], t))
                *status += STATUS_ABANDONED;
            return true;
        }
        return false;
    }
    for (unsigned i = 0; i < w->count; i++)
        if (!available(w->objects[i], t))
            return false;
    *status = take_all(t, w->count, w->objects);
    return true;
}

static void hook(PKWAIT_BLOCK b, ke_thread *t, DISPATCHER_HEADER *h, unsigned key, unsigned type)
{
    b->Thread = t;
    b->Object = h;
    b->WaitKey = (USHORT)key;
    b->WaitType = (UCHAR)type;
    InsertTailList(&h->WaitListHead, &b->WaitListEntry);
}

/* Dispatcher lock held. */
static void hook_all(const struct ke_wait *w, ke_thread *t, bool with_timer)
{
    t->wait_blocks = w->blocks ? w->blocks : t->own_blocks;
    t->wait_count = w->count;
    for (unsigned i = 0; i < w->count; i++)
        hook(&t->wait_blocks[i], t, w->objects[i], i, (unsigned)w->type);
    t->timer_block.Object = NULL;
    if (with_timer)
        hook(&t->timer_block, t, &t->timer.Header, STATUS_TIMEOUT, WaitAny);
    t->waiting = true;
}

static _Noreturn void no_object(const void *object)
{
    uint64_t p[4] = {(uintptr_t)object, mach_irql(), 0, 0};

    ke_bugcheckf("DT-W03", 0x0A, p, "a wait is given something that is no initialized dispatcher object");
}

static void check(const struct ke_wait *w)
{
    for (unsigned i = 0; i < w->count; i++) {
        const DISPATCHER_HEADER *h = w->objects[i];

        if (!h || !is_waitable(h))
            no_object(h);
    }
    if (w->timeout && *w->timeout == 0)
        return;
    if (ke_dpc_executing()) {
        uint64_t p[4] = {(uintptr_t)ke_thread_current(), 0, 0, 0};

        ke_bugcheckf("DT-D06", 0xB8, p, "a DPC routine waits");
    }
    if (mach_irql() >= DISPATCH_LEVEL) {
        uint64_t p[4] = {w->timeout ? 0x121 : 0x120, mach_irql(), (uintptr_t)w->objects[0], 0};

        ke_bugcheckf("DT-W01", 0xC4, p, "a thread waits at IRQL %u", mach_irql());
    }
}

static void start_timer(ke_thread *t, int64_t timeout)
{
    struct ke_timer_set set = {.due = timeout};

    ke_timer_set(&t->timer, &set);
}

/* Parks until somebody has ended the wait; hooked already. */
static NTSTATUS park(ke_thread *t)
{
    mach_park();
    ke_processor_awake();
    return t->wait_status;
}

static NTSTATUS wait_with(const struct ke_wait *w, ke_thread *t)
{
    bool     timed = w->timeout && *w->timeout != 0, started = false;
    NTSTATUS status;

    for (;;) {
        unsigned old = ke_dispatcher_lock();

        if (satisfied_now(w, t, &status))
            ;
        else if (w->timeout && !timed)
            status = STATUS_TIMEOUT;
        else if (timed && !started)
            status = STATUS_PENDING;
        else if (timed && available(&t->timer.Header, t))
            status = STATUS_TIMEOUT;
        else {
            hook_all(w, t, timed);
            ke_dispatcher_unlock(old);
            status = park(t);
            break;
        }
        ke_dispatcher_unlock(old);
        if (status != STATUS_PENDING)
            break;
        start_timer(t, *w->timeout); /* outside the lock: timer locks come first */
        started = true;
    }
    if (started && status != STATUS_TIMEOUT)
        ke_timer_cancel(&t->timer);
    return status;
}

NTSTATUS ke_wait(const struct ke_wait *w)
{
    ke_thread *t = ke_thread_current();

    check(w);
    ev(EV_WAIT_BEGIN, w->objects[0], w->count, (uintptr_t)w->objects, !w->timeout ? 0 : *w->timeout ? 2 : 1);
    NTSTATUS status = wait_with(w, t);

    ev(EV_WAIT_END, w->objects[0], (uint32_t)status, 0, 0);
    return status;
}

NTSTATUS ke_wait_one(void *object, const int64_t *timeout)
{
    PVOID          objects[1] = {object};
    struct ke_wait w = {.count = 1, .objects = objects, .type = WaitAny, .timeout = timeout};

    return ke_wait(&w);
}

/* Never early, unlike a timed wait: due from the exact time, not from the last tick (WAI-068). */
NTSTATUS ke_delay(bool alertable, KPROCESSOR_MODE mode, int64_t interval)
{
    ke_thread          *t = ke_thread_current();
    struct ke_timer_set set = {.due = interval};
    struct ke_wait      w = {.count = 1, .type = WaitAny, .alertable = alertable, .mode = mode};
    PVOID               objects[1] = {&t->timer};

    w.objects = objects;
    check(&w);
    if (interval == 0) {
        mach_yield();
        return STATUS_SUCCESS;
    }
    if (interval < 0) {
        uint64_t since_tick = ke_interrupt_time_precise() - ke_interrupt_time();
        uint64_t wanted = units_add_sat(units_magnitude(interval), since_tick);

        set.due = wanted > INT64_MAX ? INT64_MIN : -(int64_t)wanted;
    }
    ke_timer_set(&t->timer, &set);
    ev(EV_WAIT_BEGIN, &t->timer, 1, (uintptr_t)objects, 2);
    NTSTATUS status = wait_with(&w, t);

    ev(EV_WAIT_END, &t->timer, (uint32_t)status, 0, 0);
    return status;
}
