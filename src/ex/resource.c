/* SPDX-License-Identifier: MIT */
/*
 * ex/resource.c - resources (ERESOURCE): locks with one exclusive or many shared owners, which may take them recursively.
 *
 * Owners. An owner is a thread, or a pointer with both low bits set that the thread put in its place
 * (ExSetResourceOwnerPointer). Each has an OWNER_ENTRY with its count: OwnerEntry, which the exclusive owner always has, or
 * one of OwnerTable, whose entry 0 tells how long the table is. ActiveCount and ActiveEntries: how many are in use.
 *
 * Who gets it (point 24 of the subtlest: three kinds of shared requests, told apart by what they do about exclusive waiters):
 *
 *                      free   mine exclusive   mine shared   shared, nobody waits   shared, exclusive waits   other's exclusive
 *   exclusive          yes    yes, again       never (1)     waits                  waits                     waits
 *   shared             yes    yes, again       yes           yes                    waits                     waits
 *     starve exclusive yes    yes, again       yes           yes                    yes                       waits
 *     wait for excl.   yes    yes, again       (2)           yes                    waits                     waits
 *
 *   (1) it would wait for itself: LCK-028.  (2) waits, also for itself, when somebody waits for exclusive access (LCK-032)
 *
 * When the last owner leaves, the waiter that came first gets it; if that one wants it shared, so do all shared waiters that
 * came before the first exclusive one (LCK-046). A conversion lets all shared waiters in (LCK-035).
 *
 * Windows keeps resources on a list of all; here SystemResourcesList points to itself, and Reserved2 tells an initialized
 * resource. Priorities of owners are not boosted.
 */
#include "base/ev_exlock.h"
#include "ex/exlock.h"
#include "ex/locks.h"

#define TABLE_FIRST 4u

static _Noreturn void misuse(const char *rule, uint64_t p1, PERESOURCE r, const char *what)
{
    uint64_t p[4] = {p1, (uintptr_t)r, (uintptr_t)ke_thread_current(), 0};

    ke_bugcheckf(rule, DRIVER_VERIFIER_DETECTED_VIOLATION, p, "a resource %s", what);
}

static _Noreturn void not_owned(PERESOURCE r, ERESOURCE_THREAD id)
{
    uint64_t p[4] = {(uintptr_t)r, id, (uintptr_t)r->OwnerTable, 0};

    ke_bugcheckf(
        "DT-L15", RESOURCE_NOT_OWNED, p, "a resource is released or converted by somebody who does not own it");
}

static bool is_initialized(const ERESOURCE *r)
{
    return (uintptr_t)r->Reserved2 == ex_lock_cookie(r);
}

static void check(PERESOURCE r)
{
    if (!is_initialized(r))
        misuse("DT-L10", 0x1002, r, "is used but not initialized, or was deleted");
}

/* LCK-037: P2 IRQL, P3 APC-disable count, P4 the resource. */
static void check_apcs(PERESOURCE r, uint64_t p1, const char *what)
{
    uint64_t p[4] = {p1, mach_irql(), 0, (uintptr_t)r};

    if (ex_apcs_enabled())
        ke_violationf("DT-L15", DRIVER_VERIFIER_DETECTED_VIOLATION, p,
            "a resource is %s while normal kernel APCs are enabled", what);
}

/* ---- owners; kernel lock held ---- */

static bool is_exclusive(const ERESOURCE *r)
{
    return r->Flag & ResourceOwnedExclusive;
}

static ULONG table_size(const ERESOURCE *r)
{
    return r->OwnerTable ? r->OwnerTable[0].TableSize : 0;
}

/* id 0: an entry that is free. NULL: none. */
static POWNER_ENTRY find_locked(PERESOURCE r, ERESOURCE_THREAD id)
{
    if (r->OwnerEntry.OwnerThread == id)
        return &r->OwnerEntry;
    for (ULONG i = 1; i < table_size(r); i++)
        if (r->OwnerTable[i].OwnerThread == id)
            return &r->OwnerTable[i];
    return NULL;
}

static POWNER_ENTRY grow_locked(PERESOURCE r)
{
    ULONG        size = table_size(r), wanted = size ? 2 * size : TABLE_FIRST;
    POWNER_ENTRY table = ke_object_alloc(wanted * sizeof *table);
    uint64_t     p[4] = {0, 0, 0, 0};

    if (!table)
        ke_bugcheckf(NULL, 0, p, "out of memory for the owners of a resource");
    if (size) {
        __builtin_memcpy(table, r->OwnerTable, size * sizeof *table);
        ke_object_free(r->OwnerTable, size * sizeof *table);
    }
    table[0].TableSize = wanted;
    r->OwnerTable = table;
    return &table[size ? size : 1];
}

/* Returns how often the owner has it now. */
static ULONG own_locked(PERESOURCE r, ERESOURCE_THREAD id)
{
    POWNER_ENTRY e = find_locked(r, id);

    if (!e) {
        e = find_locked(r, 0);
        if (!e)
            e = grow_locked(r);
        e->OwnerThread = id;
        e->OwnerCount = 0;
        r->ActiveCount++;
        r->ActiveEntries++;
    }
    return ++e->OwnerCount;
}

static void clear_locked(PERESOURCE r, POWNER_ENTRY e)
{
    *e = (OWNER_ENTRY){.OwnerThread = 0};
    r->ActiveCount--;
    r->ActiveEntries--;
    if (r->ActiveCount == 0)
        r->Flag &= (USHORT)~ResourceOwnedExclusive;
}

static enum ev_exlock_kind kind_of(bool exclusive)
{
    return exclusive ? EV_EXLOCK_RESOURCE_EXCLUSIVE : EV_EXLOCK_RESOURCE_SHARED;
}

static void tell_acquired(PERESOURCE r, bool exclusive, unsigned count)
{
    ev(EV_LOCK_ACQUIRE, r, EV_LOCK_OTHER, mach_irql(), ev_exlock(kind_of(exclusive), count));
}

static void tell_released_locked(PERESOURCE r, bool exclusive, unsigned count, unsigned irql)
{
    ev(EV_LOCK_RELEASE, r, EV_LOCK_OTHER, irql, ev_exlock(kind_of(exclusive), count));
}

/* ---- waiters; kernel lock held ---- */

static struct ex_waiter *first_waiter(PVOID list)
{
    return list;
}

static void append_locked(PERESOURCE r, struct ex_waiter *w)
{
    PVOID            *field = w->exclusive ? &r->ExclusiveWaiters : &r->SharedWaiters;
    struct ex_waiter *list = *field;

    ex_waiter_append_locked(&list, w);
    *field = list;
    *(w->exclusive ? &r->NumberOfExclusiveWaiters : &r->NumberOfSharedWaiters) += 1;
    r->ContentionCount++;
}

static struct ex_waiter *grant_exclusive_locked(PERESOURCE r)
{
    struct ex_waiter *w = first_waiter(r->ExclusiveWaiters);

    r->ExclusiveWaiters = w->next;
    r->NumberOfExclusiveWaiters--;
    r->Flag |= ResourceOwnedExclusive;
    w->next = NULL;
    w->count = own_locked(r, w->thread);
    return w;
}

/* To all shared waiters with a lower ticket. Returns them as a list. */
static struct ex_waiter *grant_shared_locked(PERESOURCE r, uint64_t before)
{
    struct ex_waiter *first = first_waiter(r->SharedWaiters), **end = &first;

    while (*end && (*end)->ticket < before) {
        (*end)->count = own_locked(r, (*end)->thread);
        r->NumberOfSharedWaiters--;
        end = &(*end)->next;
    }
    r->SharedWaiters = *end;
    *end = NULL;
    return first;
}

/* Nobody owns it. */
static struct ex_waiter *grant_locked(PERESOURCE r)
{
    struct ex_waiter *x = first_waiter(r->ExclusiveWaiters), *s = first_waiter(r->SharedWaiters);

    if (x && (!s || x->ticket < s->ticket))
        return grant_exclusive_locked(r);
    return grant_shared_locked(r, x ? x->ticket : UINT64_MAX);
}

/* ---- life ---- */

void ex_resource_init(PERESOURCE r)
{
    uint64_t p[4] = {0x3d, 0, 0, (uintptr_t)r};

    if ((uintptr_t)r % 8 != 0) /* LCK-021 */
        ke_violationf("DT-L10", DRIVER_VERIFIER_DETECTED_VIOLATION, p, "a resource is not aligned to 8 bytes");
    if (is_initialized(r) && !finding_faithful) /* LCK-023 */
        misuse("DT-L10", 0xd0, r, "is initialized again before it is deleted");
    *r = (ERESOURCE){.Reserved2 = (PVOID)ex_lock_cookie(r)};
    r->SystemResourcesList.Flink = r->SystemResourcesList.Blink = &r->SystemResourcesList;
    ev(EV_LOCK_INIT, r, EV_LOCK_OTHER, EV_EXLOCK_RESOURCE_EXCLUSIVE, 0);
}

/* LCK-023, LCK-043: a resource that is owned or waited for cannot go. */
static void check_gone(PERESOURCE r)
{
    uint64_t p[4] = {0x100b, (uintptr_t)r, r->OwnerEntry.OwnerThread, 0};

    if (!is_initialized(r))
        misuse("DT-L10", 0xd1, r, "is deleted but not initialized");
    if (r->ActiveCount || r->NumberOfSharedWaiters || r->NumberOfExclusiveWaiters)
        ke_bugcheckf("DT-L11", DRIVER_VERIFIER_DETECTED_VIOLATION, p,
            "a resource is deleted or reinitialized while somebody owns it");
}

void ex_resource_reinit(PERESOURCE r)
{
    check_gone(r);
    r->ContentionCount = 0;
    r->Flag = 0;
}

void ex_resource_delete(PERESOURCE r)
{
    check_gone(r);
    ev(EV_LOCK_INIT, r, EV_LOCK_OTHER, EV_EXLOCK_RESOURCE_EXCLUSIVE, 1);
    if (r->OwnerTable)
        ke_object_free(r->OwnerTable, table_size(r) * sizeof *r->OwnerTable);
    *r = (ERESOURCE){.ActiveCount = 0};
}

/* ---- acquiring ---- */

static bool may_own_locked(PERESOURCE r, enum ex_resource_mode mode, bool mine)
{
    if (r->ActiveCount == 0)
        return true;
    if (is_exclusive(r))
        return mine;
    switch (mode) {
    case EX_RESOURCE_SHARED:
        return mine || r->NumberOfExclusiveWaiters == 0;
    case EX_RESOURCE_SHARED_STARVE_EXCLUSIVE:
        return true;
    case EX_RESOURCE_SHARED_WAIT_FOR_EXCLUSIVE:
        return r->NumberOfExclusiveWaiters == 0;
    default:
        return false;
    }
}

enum outcome { OWNED, REFUSED, WAITING, DEADLOCK };

/* Kernel lock held. OWNED: w->exclusive and w->count tell how. */
static enum outcome ask_locked(PERESOURCE r, enum ex_resource_mode mode, bool wait, struct ex_waiter *w)
{
    ERESOURCE_THREAD me = (ERESOURCE_THREAD)ke_thread_current();
    bool             mine = find_locked(r, me) != NULL;

    w->exclusive = mode == EX_RESOURCE_EXCLUSIVE;
    if (may_own_locked(r, mode, mine)) {
        if (w->exclusive)
            r->Flag |= ResourceOwnedExclusive;
        w->exclusive = is_exclusive(r); /* a shared request of the exclusive owner changes nothing (LCK-026) */
        w->count = own_locked(r, me);
        return OWNED;
    }
    if (!wait)
        return REFUSED;
    if (w->exclusive && mine && !finding_faithful)
        return DEADLOCK;
    append_locked(r, w);
    return WAITING;
}

bool ex_resource_acquire(PERESOURCE r, enum ex_resource_mode mode, bool wait)
{
    struct ex_waiter w = {0};

    check_apcs(r, 0x37, "acquired");
    check(r);
    unsigned     irql = ex_lock();
    enum outcome got = ask_locked(r, mode, wait, &w);

    if (got == OWNED)
        tell_acquired(r, w.exclusive, w.count);
    ex_unlock(irql);
    if (got == DEADLOCK)
        misuse("DT-L01", 0x1000, r, "is acquired exclusively by a thread that owns it shared: a deadlock");
    if (got == WAITING) {
        ke_wait_one(&w.event, NULL);
        tell_acquired(r, w.exclusive, w.count);
    }
    return got != REFUSED;
}

/* ---- releasing ---- */

static void release(PERESOURCE r, ERESOURCE_THREAD id)
{
    struct ex_waiter *woken = NULL;

    check_apcs(r, 0x38, "released");
    check(r);
    unsigned     irql = ex_lock();
    POWNER_ENTRY e = find_locked(r, id);

    if (!e) {
        ex_unlock(irql);
        not_owned(r, id);
    }
    bool exclusive = is_exclusive(r);

    e->OwnerCount--;
    tell_released_locked(r, exclusive, e->OwnerCount, irql);
    if (e->OwnerCount == 0)
        clear_locked(r, e);
    if (r->ActiveCount == 0)
        woken = grant_locked(r);
    ex_unlock(irql);
    ex_wake(woken);
}

void ex_resource_release(PERESOURCE r)
{
    release(r, (ERESOURCE_THREAD)ke_thread_current());
}

/* For another thread than the calling one only with the pointer that was put in its place (LCK-040). */
void ex_resource_release_for(PERESOURCE r, ERESOURCE_THREAD id)
{
    uint64_t p[4] = {(uintptr_t)r, (uintptr_t)ke_thread_current(), id, 0};

    if ((id & 3) != 3 && id != (ERESOURCE_THREAD)ke_thread_current())
        ke_bugcheckf("DT-L15", ERESOURCE_INVALID_RELEASE, p,
            "a resource is released for another thread, which has set no owner pointer");
    release(r, id);
}

void ex_resource_convert(PERESOURCE r)
{
    ERESOURCE_THREAD me = (ERESOURCE_THREAD)ke_thread_current();

    check(r);
    unsigned irql = ex_lock();
    bool     owner = is_exclusive(r) && r->OwnerEntry.OwnerThread == me;

    if (!owner) { /* LCK-035: a shared owner gets what it has; only a checked Windows asserts */
        bool shared = r->ActiveEntries != 0 && !is_exclusive(r);

        ex_unlock(irql);
        if (shared && finding_faithful)
            return;
        not_owned(r, me);
    }
    tell_released_locked(r, true, 0, irql);
    r->Flag &= (USHORT)~ResourceOwnedExclusive;
    tell_acquired(r, false, r->OwnerEntry.OwnerCount);
    struct ex_waiter *woken = grant_shared_locked(r, UINT64_MAX);

    ex_unlock(irql);
    ex_wake(woken);
}

/* LCK-041. The pointer takes the thread's place, or joins what it has already. */
void ex_resource_set_owner(PERESOURCE r, void *owner)
{
    ERESOURCE_THREAD id = (ERESOURCE_THREAD)owner, me = (ERESOURCE_THREAD)ke_thread_current();
    uint64_t         p[4] = {(uintptr_t)r, id, 0, 0};

    if ((id & 3) != 3)
        ke_bugcheckf("DT-L15", 0, p, "an owner pointer of a resource does not have its two low bits set");
    check(r);
    unsigned     irql = ex_lock();
    POWNER_ENTRY mine = find_locked(r, me), other = find_locked(r, id);

    if (!mine) {
        ex_unlock(irql);
        not_owned(r, me);
    }
    tell_released_locked(r, is_exclusive(r), 0, irql);
    if (other) {
        other->OwnerCount += mine->OwnerCount;
        clear_locked(r, mine);
    } else {
        mine->OwnerThread = id;
    }
    ex_unlock(irql);
}

/* ---- questions ---- */

ULONG ex_resource_count(PERESOURCE r, bool exclusive_only)
{
    check(r);
    unsigned     irql = ex_lock();
    POWNER_ENTRY e = find_locked(r, (ERESOURCE_THREAD)ke_thread_current());
    ULONG        count = e && (is_exclusive(r) || !exclusive_only) ? e->OwnerCount : 0;

    ex_unlock(irql);
    return count;
}

ULONG ex_resource_waiters(PERESOURCE r, bool exclusive)
{
    check(r);
    unsigned irql = ex_lock();
    ULONG    waiters = exclusive ? r->NumberOfExclusiveWaiters : r->NumberOfSharedWaiters;

    ex_unlock(irql);
    return waiters;
}
