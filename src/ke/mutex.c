/* SPDX-License-Identifier: MIT */
/*
 * ke/mutex.c - mutants: mutexes (KMUTEX), which disable normal kernel APCs while they are owned, and plain ones, which do
 * not and are abandoned when their owner ends.
 *
 * SignalState 1: free; 0 and below: owned, acquired 1 - SignalState times. The dispatcher lock protects all of it.
 */
#include "ke/priv.h"

void ke_mutex_init(PKMUTEX m, bool apc_disable, bool owned)
{
    ke_header_init(&m->Header, MutantObject, sizeof *m, 1);
    m->Header.MutantSize = m->Header.Size;
    m->Header.DpcActive = FALSE; /* the same byte as Size */
    m->MutantListEntry.Flink = m->MutantListEntry.Blink = NULL;
    m->OwnerThread = NULL;
    m->MutantFlags = 0;
    m->ApcDisable = apc_disable;
    if (!owned)
        return;
    unsigned old = ke_dispatcher_lock();

    ke_mutex_consume_locked(m, ke_thread_current(), old >= DISPATCH_LEVEL);
    ke_dispatcher_unlock(old);
}

bool ke_mutex_available(const KMUTANT *m, const ke_thread *t)
{
    return ke_state(&m->Header) > 0 || m->OwnerThread == t;
}

bool ke_mutex_exhausted(const KMUTANT *m, const ke_thread *t)
{
    return m->OwnerThread == t && ke_state(&m->Header) == INT32_MIN;
}

/* DpcActive: it was acquired at DISPATCH_LEVEL, and must be released there (MTX-012). */
bool ke_mutex_consume_locked(PKMUTEX m, ke_thread *t, bool at_dispatch)
{
    LONG state = ke_state(&m->Header);
    bool abandoned = m->Abandoned;

    ke_state_set(&m->Header, state - 1);
    if (state != 1)
        return false;
    m->OwnerThread = t;
    m->Abandoned = 0;
    m->Header.DpcActive = at_dispatch;
    t->critical -= m->ApcDisable;
    InsertTailList(&t->mutexes, &m->MutantListEntry);
    return abandoned;
}

static void give_up_locked(PKMUTEX m, ke_thread *t)
{
    RemoveEntryList(&m->MutantListEntry);
    m->OwnerThread = NULL;
    t->critical += m->ApcDisable;
    if (IsListEmpty(&t->mutexes) && t->priority != t->base && t->base < LOW_REALTIME_PRIORITY) { /* MTX-016 */
        t->priority = t->base;
        mach_ctx_priority(t->ctx, (unsigned)t->base);
    }
}

static void check_mutex(const KMUTANT *m)
{
    uint64_t p[4] = {(uintptr_t)m, mach_irql(), 0, 0};

    if (m->Header.Type != MutantObject)
        ke_bugcheckf("DT-W03", 0x0A, p, "the object given is no initialized mutex");
}

/* MTX-010 .. MTX-012. */
static _Noreturn void not_owner(const KMUTANT *m, NTSTATUS status)
{
    ke_wait_called_off();
    ke_raise_status(status, "DT-W06", NULL,
        m->OwnerThread == ke_thread_current()
            ? "a mutex is released at DISPATCH_LEVEL but was acquired below it, or the reverse"
            : "a mutex is released by a thread that does not own it");
}

static void release_locked(PKMUTEX m, ke_thread *t, KPRIORITY increment, bool abandoned)
{
    LONG before = ke_state(&m->Header);

    ke_state_set(&m->Header, abandoned ? 1 : before + 1);
    m->Abandoned = abandoned;
    ev(EV_OBJECT_SIGNAL, m, MutantObject, (uint32_t)ke_state(&m->Header), (uint32_t)before);
    if (ke_state(&m->Header) != 1)
        return;
    if (m->ApcDisable)
        ev(EV_LOCK_RELEASE, m, EV_LOCK_MUTEX, mach_irql(), (uintptr_t)t);
    give_up_locked(m, t);
    ke_wake_waiters_locked(&m->Header, increment);
}

NTSTATUS ke_mutex_try_release(PKMUTEX m, KPRIORITY increment, bool abandoned, LONG *state_before)
{
    ke_thread *t = ke_thread_current();

    check_mutex(m);
    unsigned old = ke_dispatcher_lock();
    LONG     apc_before = t->critical;
    unsigned level = t->wait_follows ? t->wait_level : old; /* Wait = TRUE has raised it already */

    *state_before = ke_state(&m->Header);
    if (m->OwnerThread != t || m->Header.DpcActive != (level >= DISPATCH_LEVEL)) {
        NTSTATUS status = m->Abandoned ? STATUS_ABANDONED : STATUS_MUTANT_NOT_OWNED;

        ke_dispatcher_unlock(old);
        return status;
    }
    release_locked(m, t, increment, abandoned);
    LONG apc_after = t->critical;

    if (apc_after != apc_before)
        ev(EV_APC_DISABLE, t, (int64_t)apc_before, (int64_t)apc_after, 0);
    ke_dispatcher_unlock(old);
    if (apc_after != apc_before)
        ke_apc_enabled();
    return STATUS_SUCCESS;
}

LONG ke_mutex_release(PKMUTEX m, KPRIORITY increment, bool abandoned)
{
    LONG     before;
    NTSTATUS status = ke_mutex_try_release(m, increment, abandoned, &before);

    if (status != STATUS_SUCCESS)
        not_owner(m, status);
    return before;
}

struct ke_mutex_state ke_mutex_query(PKMUTEX m)
{
    unsigned              old = ke_dispatcher_lock();
    struct ke_mutex_state s = {ke_state(&m->Header), m->OwnerThread == ke_thread_current(), m->Abandoned};

    ke_dispatcher_unlock(old);
    return s;
}

/* Nobody waits, for who waits holds a reference. */
void ke_mutex_rundown(PKMUTEX m)
{
    unsigned old = ke_dispatcher_lock();

    if (m->OwnerThread)
        give_up_locked(m, m->OwnerThread);
    ke_dispatcher_unlock(old);
}

const KMUTANT *ke_mutex_owned(void)
{
    const ke_thread *t = ke_thread_current();

    for (PLIST_ENTRY e = t->mutexes.Flink; e != &t->mutexes; e = e->Flink) {
        const KMUTANT *m = CONTAINING_RECORD(e, KMUTANT, MutantListEntry);

        if (m->ApcDisable)
            return m;
    }
    return NULL;
}

/* The thread ends. A mutex that it still owns is a bug check (MTX-019); a mutant is abandoned (MTX-022). */
void ke_mutex_abandon_all(ke_thread *t)
{
    const KMUTANT *owned = ke_mutex_owned();
    uint64_t       p[4] = {(uintptr_t)t, (uintptr_t)owned, 0, 0};

    if (owned)
        ke_bugcheckf("DT-W07", 0x4000008A, p, "a thread ends while it owns a mutex");
    unsigned old = ke_dispatcher_lock();

    while (!IsListEmpty(&t->mutexes)) {
        PKMUTANT m = CONTAINING_RECORD(t->mutexes.Flink, KMUTANT, MutantListEntry);

        release_locked(m, t, 0, true);
    }
    ke_dispatcher_unlock(old);
}
