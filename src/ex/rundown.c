/* SPDX-License-Identifier: MIT */
/*
 * ex/rundown.c - rundown protection: references that are given out until somebody waits for all of them to come back.
 *
 * The word:   2 * count           references may be taken
 *             waiter | ACTIVE     rundown has begun; the first waiter has the count of references that are out in `held`
 *             ACTIVE              run down
 *
 * Whoever waits first moves the count into its wait block; the release that brings it to 0 wakes all who wait. References are
 * not the thread's that took them: another thread, or a DPC, may give them back.
 *
 * Cache-aware: the count is spread over a slot per processor. A reference taken on one processor may come back on another, so
 * a slot may be negative and only the sum means something (LCK-067). The word tells of rundown only; its waiter gets the sum.
 */
#include "base/ev_exlock.h"

#include "base/sanitize.h"
#include "ex/exlock.h"
#include "ex/locks.h"

#define ACTIVE ((ULONG_PTR)EX_RUNDOWN_ACTIVE)

struct slot {
    int64_t count;
    char    rest_of_line[56];
};

struct _EX_RUNDOWN_REF_CACHE_AWARE {
    EX_RUNDOWN_REF word;
    uint64_t       slots;
    char           rest_of_line[48];
    struct slot    slot[];
};

/* Windows has no bug check of its own for any of these. */
static _Noreturn void misuse(const void *ref, const char *what)
{
    uint64_t p[4] = {(uintptr_t)ref, 0, 0, 0};

    ke_bugcheckf("DT-L15", 0, p, "rundown protection %s", what);
}

/* Whatever an initialized one holds is a count or an address. */
UNSYNCHRONIZED static void check_initialized(const EX_RUNDOWN_REF *ref)
{
    uint64_t p[4] = {(uintptr_t)ref, ref->Count, 0, 0};

    if (ref->Count >> 47)
        ke_bugcheckf("DT-L10", 0, p, "rundown protection is used but not initialized");
}

static struct ex_waiter *waiters_of(const EX_RUNDOWN_REF *ref)
{
    return ref->Count & ACTIVE ? (struct ex_waiter *)(ref->Count & ~ACTIVE) : NULL;
}

/* whole: not a reference, but all of it, between the end of the wait and a new beginning. */
static void tell_taken(const void *ref, unsigned irql, bool whole)
{
    ev(EV_LOCK_ACQUIRE, ref, EV_LOCK_OTHER, irql, ev_exlock(EV_EXLOCK_RUNDOWN, whole));
}

static void tell_given_back(const void *ref, unsigned irql, bool whole)
{
    ev(EV_LOCK_RELEASE, ref, EV_LOCK_OTHER, irql, ev_exlock(EV_EXLOCK_RUNDOWN, whole));
}

/* References come back while somebody waits. True: *woken is the list of those who need not wait any more. */
static bool give_back_to_waiter_locked(PEX_RUNDOWN_REF ref, ULONG count, struct ex_waiter **woken)
{
    struct ex_waiter *first = waiters_of(ref);

    if (!first || first->held < count)
        return false;
    first->held -= count;
    if (first->held == 0) {
        *woken = first;
        ref->Count = ACTIVE;
    }
    return true;
}

/* out: references that are out; the caller has seen that rundown has not been completed. */
static void wait_for(PEX_RUNDOWN_REF ref, uint64_t out, unsigned irql)
{
    struct ex_waiter  w = {.held = out};
    struct ex_waiter *first = waiters_of(ref);

    ex_waiter_append_locked(&first, &w);
    ref->Count = (ULONG_PTR)first | ACTIVE;
    ex_unlock(irql);
    ke_wait_one(&w.event, NULL);
}

/* ---- EX_RUNDOWN_REF ---- */

void ex_rundown_init(PEX_RUNDOWN_REF ref)
{
    ref->Count = 0;
    ev(EV_LOCK_INIT, ref, EV_LOCK_OTHER, EV_EXLOCK_RUNDOWN, 0);
}

/* Run down, and nobody waits. LCK-060, LCK-061. */
static void check_run_down(const EX_RUNDOWN_REF *ref, const char *what)
{
    if (ref->Count != ACTIVE)
        misuse(ref, what);
}

void ex_rundown_reinit(PEX_RUNDOWN_REF ref)
{
    unsigned irql = ex_lock();

    check_run_down(ref, "is initialized again before it is run down");
    tell_given_back(ref, irql, true);
    ref->Count = 0;
    ex_unlock(irql);
}

void ex_rundown_completed(PEX_RUNDOWN_REF ref)
{
    unsigned irql = ex_lock();

    check_run_down(ref, "is said to be run down before it is");
    ex_unlock(irql);
}

bool ex_rundown_acquire(PEX_RUNDOWN_REF ref, ULONG count)
{
    check_initialized(ref);
    unsigned irql = ex_lock();
    bool     may = !(ref->Count & ACTIVE);

    if (may) {
        ref->Count += 2 * (ULONG_PTR)count;
        tell_taken(ref, irql, false);
    }
    ex_unlock(irql);
    return may;
}

void ex_rundown_release(PEX_RUNDOWN_REF ref, ULONG count)
{
    struct ex_waiter *woken = NULL;

    check_initialized(ref);
    unsigned irql = ex_lock();
    bool     was_out = true;

    tell_given_back(ref, irql, false);
    if (ref->Count & ACTIVE)
        was_out = give_back_to_waiter_locked(ref, count, &woken);
    else if (ref->Count / 2 >= count)
        ref->Count -= 2 * (ULONG_PTR)count;
    else
        was_out = false;
    ex_unlock(irql);
    if (!was_out) /* LCK-063 */
        misuse(ref, "is released more often than acquired");
    ex_wake(woken);
}

void ex_rundown_wait(PEX_RUNDOWN_REF ref)
{
    check_initialized(ref);
    unsigned irql = ex_lock();

    if (ref->Count == 0)
        ref->Count = ACTIVE;
    if (ref->Count == ACTIVE)
        ex_unlock(irql);
    else
        wait_for(ref, ref->Count / 2, irql);
    tell_taken(ref, mach_irql(), true);
}

/* ---- cache-aware ---- */

size_t ex_rundown_ca_bytes(void)
{
    return sizeof(EX_RUNDOWN_REF_CACHE_AWARE) + mach_cpus() * sizeof(struct slot);
}

void ex_rundown_ca_init(PEX_RUNDOWN_REF_CACHE_AWARE ref, size_t bytes)
{
    if (bytes < ex_rundown_ca_bytes())
        misuse(ref, "is initialized in less memory than ExSizeOfRundownProtectionCacheAware asks for");
    __builtin_memset(ref, 0, ex_rundown_ca_bytes());
    ref->slots = mach_cpus();
    ev(EV_LOCK_INIT, ref, EV_LOCK_OTHER, EV_EXLOCK_RUNDOWN, 0);
}

static int64_t sum_locked(const EX_RUNDOWN_REF_CACHE_AWARE *ref)
{
    int64_t sum = 0;

    for (uint64_t i = 0; i < ref->slots; i++)
        sum += ref->slot[i].count;
    return sum;
}

void ex_rundown_ca_reinit(PEX_RUNDOWN_REF_CACHE_AWARE ref)
{
    unsigned irql = ex_lock();

    check_run_down(&ref->word, "is initialized again before it is run down");
    tell_given_back(ref, irql, true);
    for (uint64_t i = 0; i < ref->slots; i++)
        ref->slot[i].count = 0;
    ref->word.Count = 0;
    ex_unlock(irql);
}

void ex_rundown_ca_completed(PEX_RUNDOWN_REF_CACHE_AWARE ref)
{
    ex_rundown_completed(&ref->word);
}

bool ex_rundown_ca_acquire(PEX_RUNDOWN_REF_CACHE_AWARE ref, ULONG count)
{
    unsigned irql = ex_lock();
    bool     may = !(ref->word.Count & ACTIVE);

    if (may) {
        ref->slot[mach_cpu()].count += count;
        tell_taken(ref, irql, false);
    }
    ex_unlock(irql);
    return may;
}

void ex_rundown_ca_release(PEX_RUNDOWN_REF_CACHE_AWARE ref, ULONG count)
{
    struct ex_waiter *woken = NULL;
    unsigned          irql = ex_lock();
    bool              was_out = true;

    tell_given_back(ref, irql, false);
    if (ref->word.Count & ACTIVE)
        was_out = give_back_to_waiter_locked(&ref->word, count, &woken);
    else if (sum_locked(ref) >= count)
        ref->slot[mach_cpu()].count -= count;
    else
        was_out = false;
    ex_unlock(irql);
    if (!was_out)
        misuse(ref, "is released more often than acquired");
    ex_wake(woken);
}

void ex_rundown_ca_wait(PEX_RUNDOWN_REF_CACHE_AWARE ref)
{
    unsigned irql = ex_lock();
    int64_t  out = sum_locked(ref);

    if (ref->word.Count == 0 && out == 0)
        ref->word.Count = ACTIVE;
    if (ref->word.Count == ACTIVE)
        ex_unlock(irql);
    else
        wait_for(&ref->word, (uint64_t)out, irql);
    tell_taken(ref, mach_irql(), true);
}

/* LCK-068. */
void ex_rundown_ca_fini(PEX_RUNDOWN_REF_CACHE_AWARE ref)
{
    if (ref->word.Count != ACTIVE && (ref->word.Count != 0 || sum_locked(ref) != 0))
        misuse(ref, "is freed while references are out");
}
