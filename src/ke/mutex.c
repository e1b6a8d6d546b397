/* SPDX-License-Identifier: MIT */
/*
 * ke/mutex.c - mutexes (KMUTEX, a KMUTANT that disables normal kernel APCs).
 *
 * SignalState 1: free; 0 and below: owned, acquired 1 - SignalState times. The dispatcher lock protects all of it.
 */
#include "ke/priv.h"

void ke_mutex_init(PKMUTEX m, bool apc_disable)
{
    ke_header_init(&m->Header, MutantObject, sizeof *m, 1);
    m->MutantListEntry.Flink = m->MutantListEntry.Blink = NULL;
    m->OwnerThread = NULL;
    m->MutantFlags = 0;
    m->ApcDisable = apc_disable;
}

bool ke_mutex_available(const KMUTANT *m, const ke_thread *t)
{
    return ke_state(&m->Header) > 0 || m->OwnerThread == t;
}

bool ke_mutex_consume_locked(PKMUTEX m, ke_thread *t)
{
    LONG state = ke_state(&m->Header);
    bool abandoned = m->Abandoned;

    if (state == INT32_MIN) {
        uint64_t p[4] = {(uint32_t)STATUS_MUTANT_LIMIT_EXCEEDED, (uintptr_t)m, 0, 0};

        ke_bugcheckf("DT-W06", 0x1E, p, "a mutex is acquired too often");
    }
    ke_state_set(&m->Header, state - 1);
    if (state != 1)
        return false;
    m->OwnerThread = t;
    m->Abandoned = 0;
    t->critical -= m->ApcDisable;
    InsertTailList(&t->mutexes, &m->MutantListEntry);
    return abandoned;
}

static void give_up_locked(PKMUTEX m, ke_thread *t)
{
    RemoveEntryList(&m->MutantListEntry);
    m->OwnerThread = NULL;
    t->critical += m->ApcDisable;
}

/* A release by a thread that does not own it raises; nobody can catch that here yet (docs/limits.md: SEH). */
LONG ke_mutex_release(PKMUTEX m, bool abandoned)
{
    ke_thread *t = ke_thread_current();

    if (m->Header.Type != MutantObject) {
        uint64_t p[4] = {(uintptr_t)m, mach_irql(), m->Header.Type, 0};

        ke_bugcheckf("DT-W03", 0x0A, p, "the object given is no initialized mutex");
    }
    unsigned old = ke_dispatcher_lock();
    LONG     before = ke_state(&m->Header);

    if (m->OwnerThread != t) {
        uint64_t p[4] = {(uintptr_t)m, (uintptr_t)t, 0, 0};

        ke_dispatcher_unlock(old);
        ke_bugcheckf("DT-W06", 0x11, p, "a mutex is released by a thread that does not own it");
    }
    ke_state_set(&m->Header, abandoned ? 1 : before + 1);
    m->Abandoned = abandoned;
    ev(EV_OBJECT_SIGNAL, m, MutantObject, (uint32_t)ke_state(&m->Header), (uint32_t)before);
    if (ke_state(&m->Header) == 1) {
        give_up_locked(m, t);
        ke_wake_waiters_locked(&m->Header);
    }
    ke_dispatcher_unlock(old);
    return before;
}

/* The thread ends. A kernel thread that still owns a mutex is a bug check, not an abandoned mutex (MTX-029). */
void ke_mutex_abandon_all(ke_thread *t)
{
    if (IsListEmpty(&t->mutexes))
        return;
    PKMUTEX  m = CONTAINING_RECORD(t->mutexes.Flink, KMUTANT, MutantListEntry);
    uint64_t p[4] = {(uintptr_t)m, (uintptr_t)t, 0, 0};

    ke_bugcheckf("DT-W07", 0x39, p, "a thread ends while it owns a mutex");
}
