/* SPDX-License-Identifier: MIT */
/* ke/event.c - events and semaphores. State changes happen under the dispatcher lock; reads need none. */
#include "ke/priv.h"

void ke_header_init(DISPATCHER_HEADER *h, unsigned type, size_t bytes, LONG state)
{
    h->Type = (UCHAR)type;
    h->Signalling = 0;
    h->Size = (UCHAR)(bytes / sizeof(LONG));
    h->Reserved1 = 0;
    h->SignalState = state;
    h->WaitListHead.Flink = h->WaitListHead.Blink = &h->WaitListHead;
    if (type != TimerNotificationObject && type != TimerSynchronizationObject)
        ev(EV_OBJECT_INIT, h, type, state, 0);
}

static _Noreturn void wrong_object(const DISPATCHER_HEADER *h, const char *wanted)
{
    uint64_t p[4] = {(uintptr_t)h, mach_irql(), 0, 0};

    ke_bugcheckf("DT-W03", 0x0A, p, "the object given is no initialized %s", wanted);
}

static void check_event(const KEVENT *e)
{
    unsigned type = e->Header.Type;

    if ((type != EventNotificationObject && type != EventSynchronizationObject) || e->Header.Size == 0)
        wrong_object(&e->Header, "event");
}

/* ---- events ---- */

void ke_event_init(PKEVENT e, EVENT_TYPE type, bool state)
{
    ke_header_init(&e->Header, EventNotificationObject + (unsigned)type, sizeof *e, state);
}

LONG ke_event_set(PKEVENT e, KPRIORITY increment)
{
    check_event(e);
    unsigned old = ke_dispatcher_lock();
    LONG     before = ke_state(&e->Header);

    ev(EV_OBJECT_SIGNAL, e, e->Header.Type, 1, (uint32_t)before);
    ke_state_set(&e->Header, 1); /* whatever else a driver may have written there (EVT-005) */
    if (before == 0)
        ke_wake_waiters_locked(&e->Header, increment);
    ke_dispatcher_unlock(old);
    return before;
}

/* Waiters that are there now are released; nobody finds the event signaled afterwards. */
LONG ke_event_pulse(PKEVENT e, KPRIORITY increment)
{
    check_event(e);
    unsigned old = ke_dispatcher_lock();
    LONG     before = ke_state(&e->Header);

    ev(EV_OBJECT_SIGNAL, e, e->Header.Type, 1, (uint32_t)before);
    if (before == 0) {
        ke_state_set(&e->Header, 1);
        ke_wake_waiters_locked(&e->Header, increment);
    }
    ke_state_set(&e->Header, 0);
    ev(EV_OBJECT_RESET, e, e->Header.Type, 1, 1);
    ke_dispatcher_unlock(old);
    return before;
}

LONG ke_event_reset(PKEVENT e)
{
    check_event(e);
    unsigned old = ke_dispatcher_lock();
    LONG     before = ke_state(&e->Header);

    ke_state_set(&e->Header, 0);
    ev(EV_OBJECT_RESET, e, e->Header.Type, (uint32_t)before, 0);
    ke_dispatcher_unlock(old);
    return before;
}

/* ---- semaphores ---- */

void ke_semaphore_init(PKSEMAPHORE s, LONG count, LONG limit)
{
    if (count < 0 || limit <= 0 || count > limit) { /* SEM-002 */
        uint64_t p[4] = {(uintptr_t)s, (uint64_t)count, (uint64_t)limit, 0};

        ke_violationf("DT-W08", 0, p, "a semaphore is initialized with count %d and limit %d", (int)count, (int)limit);
    }
    ke_header_init(&s->Header, SemaphoreObject, sizeof *s, count);
    s->Limit = limit;
}

/* Before any waiter can absorb the excess (SEM-010); nothing has changed. */
static _Noreturn void over_limit(const KSEMAPHORE *s, LONG adjustment)
{
    ke_wait_called_off();
    ke_raise_status(STATUS_SEMAPHORE_LIMIT_EXCEEDED, "DT-W08", NULL,
        "a semaphore of limit %d and count %d is released by %d", (int)s->Limit, (int)ke_state(&s->Header),
        (int)adjustment);
}

bool ke_semaphore_try_release(PKSEMAPHORE s, KPRIORITY increment, LONG adjustment, LONG *count_before)
{
    if (s->Header.Type != SemaphoreObject)
        wrong_object(&s->Header, "semaphore");
    unsigned old = ke_dispatcher_lock();
    LONG     before = ke_state(&s->Header);
    int64_t  after = (int64_t)before + adjustment;
    bool     fits = adjustment > 0 && after <= s->Limit;

    *count_before = before;
    if (fits) {
        ev(EV_OBJECT_SIGNAL, s, SemaphoreObject, after, (uint32_t)before);
        ke_state_set(&s->Header, (LONG)after);
        if (before == 0)
            ke_wake_waiters_locked(&s->Header, increment);
    }
    ke_dispatcher_unlock(old);
    return fits;
}

LONG ke_semaphore_release(PKSEMAPHORE s, KPRIORITY increment, LONG adjustment)
{
    LONG before;

    if (!ke_semaphore_try_release(s, increment, adjustment, &before))
        over_limit(s, adjustment);
    return before;
}
