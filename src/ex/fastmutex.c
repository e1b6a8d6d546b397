/* SPDX-License-Identifier: MIT */
/*
 * ex/fastmutex.c - fast and guarded mutexes.
 *
 * Count is 1 when free. Taking one subtracts 1: who reaches 0 owns it, who goes below waits for the event, and owns it when
 * woken. Giving it back adds 1; a result of 0 or less means that somebody waits, and the event wakes one. A waiter that was
 * woken has its count already, so ownership passes without a gap.
 *
 * While it is owned, OldIrql holds the level that its owner came from, as on Windows; how it was taken stands in the four
 * bytes behind, which NT's layout leaves free. Initialization, inline in drivers, touches neither.
 *
 * Both kinds are one (LCK-016): a guarded mutex keeps APCs out by a guarded region instead of IRQL.
 */
#include "ex/fastmutex.h"

#include "base/ddi.h"

#define THREADS 256u

_Static_assert(sizeof(FAST_MUTEX) == offsetof(FAST_MUTEX, OldIrql) + 2 * sizeof(ULONG), "room for how it was taken");

static ULONG *how_of(PFAST_MUTEX m)
{
    return (ULONG *)((char *)m + sizeof *m - sizeof(ULONG));
}

/* Guarded mutexes that are owned, by the low bits of the owner's id. A thread in a guarded region whose count is not 0 owns
 * one, unless it shares the bits with another thread. */
static struct {
    bool     used;
    uint32_t count[THREADS];
} guarded;

void ex_mutex_boot(void)
{
    if (guarded.used)
        __builtin_memset(&guarded, 0, sizeof guarded);
}

bool ex_mutex_guarded_is_owned(void)
{
    return __atomic_load_n(&guarded.count[ke_thread_id(ke_thread_current()) % THREADS], __ATOMIC_RELAXED) != 0 &&
           ke_all_apcs_disabled();
}

/* Level checks do not see a guarded region: while a guarded mutex is owned, every routine looks at its door (LCK-015). */
static void guard(int delta)
{
    guarded.used = true;
    __atomic_add_fetch(&guarded.count[ke_thread_id(ke_thread_current()) % THREADS], (uint32_t)delta, __ATOMIC_RELAXED);
    __atomic_add_fetch(&ddi_watch, (uint32_t)delta, __ATOMIC_RELAXED);
}

/* These return in faithful mode: Windows looks at nothing but the count. */
static void misuse(const char *rule, uint64_t p1, PFAST_MUTEX m, const char *what)
{
    uint64_t p[4] = {p1, (uintptr_t)m, 0, 0};

    ke_violationf(rule, DRIVER_VERIFIER_DETECTED_VIOLATION, p, "a fast mutex %s", what);
}

static void misuse_level(uint64_t p1, PFAST_MUTEX m, const char *what)
{
    uint64_t p[4] = {p1, mach_irql(), ke_apcs_disabled(), (uintptr_t)m};

    ke_violationf("DT-L16", DRIVER_VERIFIER_DETECTED_VIOLATION, p, "a fast mutex %s", what);
}

/* LCK-011, LCK-018. */
static void check_apcs(uint64_t p1, PFAST_MUTEX m, const char *what)
{
    if (mach_irql() == PASSIVE_LEVEL && !ke_apcs_disabled())
        misuse_level(p1, m, what);
}

void ex_mutex_init(PFAST_MUTEX m)
{
    m->Count = FM_LOCK_BIT;
    m->Owner = NULL;
    m->Contention = 0;
    ke_event_init(&m->Event, SynchronizationEvent, false);
}

/* Keeps APCs out; returns what undoes it. */
static unsigned shut(PFAST_MUTEX m, enum ex_mutex_how how)
{
    unsigned old = mach_irql();

    if (how == EX_MUTEX_RAISING)
        ke_raise_to(APC_LEVEL);
    else if (how == EX_MUTEX_GUARDED)
        ke_guarded_region(1);
    else
        check_apcs(0x39, m, "is acquired \"unsafe\" although APCs are enabled");
    return old;
}

static void open(enum ex_mutex_how how, unsigned old)
{
    if (how == EX_MUTEX_RAISING)
        mach_irql_lower(old);
    else if (how == EX_MUTEX_GUARDED)
        ke_guarded_region(-1);
}

static void own(PFAST_MUTEX m, enum ex_mutex_how how, unsigned old, unsigned tried)
{
    __atomic_store_n(&m->Owner, ke_thread_current(), __ATOMIC_RELAXED);
    *how_of(m) = how;
    if (how == EX_MUTEX_RAISING)
        m->OldIrql = old;
    if (how == EX_MUTEX_GUARDED)
        guard(1);
    ev(EV_LOCK_ACQUIRE, m, EV_LOCK_FAST_MUTEX, old, (how == EX_MUTEX_RAISING) | tried);
}

void ex_mutex_acquire(PFAST_MUTEX m, enum ex_mutex_how how)
{
    if (__atomic_load_n(&m->Owner, __ATOMIC_RELAXED) == ke_thread_current()) /* LCK-007 */
        misuse("DT-L01", 0x1000, m, "is acquired by the thread that owns it: a deadlock");
    unsigned old = shut(m, how);

    if (__atomic_sub_fetch(&m->Count, 1, __ATOMIC_ACQUIRE) != 0) {
        __atomic_add_fetch(&m->Contention, 1, __ATOMIC_RELAXED);
        ke_wait_one(&m->Event, NULL);
    }
    own(m, how, old, 0);
}

bool ex_mutex_try(PFAST_MUTEX m, enum ex_mutex_how how)
{
    unsigned old = shut(m, how);
    LONG     unlocked = FM_LOCK_BIT;

    if (!__atomic_compare_exchange_n(&m->Count, &unlocked, 0, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
        open(how, old);
        return false;
    }
    own(m, how, old, EV_LOCK_TRIED);
    return true;
}

static void check_release(PFAST_MUTEX m, enum ex_mutex_how how)
{
    void *owner = __atomic_load_n(&m->Owner, __ATOMIC_RELAXED);

    if (!owner) /* LCK-009 */
        misuse("DT-L02", 0x1007, m, "is released, but nobody owns it");
    else if (owner != ke_thread_current()) {
        uint64_t p[4] = {0x1004, (uintptr_t)m, (uintptr_t)owner, (uintptr_t)ke_thread_current()};

        ke_violationf("DT-L03", DRIVER_VERIFIER_DETECTED_VIOLATION, p,
            "a fast mutex is released by a thread that does not own it");
    }
    if (*how_of(m) != (ULONG)how)
        misuse("DT-L16", 0x1009, m, "is released by another kind of routine than it was acquired with");
    if (how == EX_MUTEX_UNSAFE)
        check_apcs(0x3a, m, "is released \"unsafe\" although APCs are enabled");
}

void ex_mutex_release(PFAST_MUTEX m, enum ex_mutex_how how)
{
    check_release(m, how);
    unsigned old = how == EX_MUTEX_RAISING ? m->OldIrql : mach_irql();

    if (how == EX_MUTEX_GUARDED)
        guard(-1);
    __atomic_store_n(&m->Owner, NULL, __ATOMIC_RELAXED);
    ev(EV_LOCK_RELEASE, m, EV_LOCK_FAST_MUTEX, old, how == EX_MUTEX_RAISING);
    if (__atomic_add_fetch(&m->Count, 1, __ATOMIC_RELEASE) <= 0)
        ke_event_set(&m->Event, 0);
    open(how, old);
}
