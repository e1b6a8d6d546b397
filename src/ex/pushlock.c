/* SPDX-License-Identifier: MIT */
/*
 * ex/pushlock.c - push locks: one word, shared or exclusive, not recursive.
 *
 *     0                        free
 *     LOCKED                   held exclusively
 *     n * SHARE | LOCKED       held by n shared owners
 *     waiter | WAITING         the first waiter on the list, which has the state above in `held`
 *
 * A shared request gets in unless the lock is held exclusively or somebody waits. When the last owner leaves, the first
 * waiter decides: if it wants the lock shared, all shared waiters in front of the next exclusive one get it; if exclusively,
 * then some exclusive waiter, which one is a choice of the schedule, since Windows promises no order (LCK-051).
 *
 * The word does not say who holds the lock. That is remembered beside it, in a table that starts empty with each run, for the
 * checks: recursion, release by another thread or in the other mode. Past HOLDS_MAX holds at once nothing is checked.
 */
#include "base/ev_exlock.h"
#include "base/sanitize.h"
#include "ex/exlock.h"
#include "ex/locks.h"

#define LOCKED  1ull
#define WAITING 2ull
#define SHARE   16ull

#define HOLDS_MAX 2048u
#define BUCKETS   256u
#define NONE      0u /* index + 1 */

/* ---- who holds what; kernel lock held ---- */

struct hold {
    const EX_PUSH_LOCK *lock;
    const ke_thread    *thread;
    unsigned            exclusive, shared;
    unsigned            next;
};

static struct {
    bool        overflow;
    unsigned    used, free;
    unsigned    bucket[BUCKETS];
    struct hold hold[HOLDS_MAX];
} table;

static unsigned bucket_of(const void *lock, const void *thread)
{
    return (unsigned)(((uintptr_t)lock * 31 + (uintptr_t)thread) * 0x9e3779b97f4a7c15ull >> 56) % BUCKETS;
}

void ex_push_boot(void)
{
    for (unsigned i = 0; i < table.used; i++)
        table.bucket[bucket_of(table.hold[i].lock, table.hold[i].thread)] = NONE;
    table.used = table.free = NONE;
    table.overflow = false;
}

/* The link that leads to the thread's hold; *link is NONE when there is none. */
static unsigned *link_locked(const EX_PUSH_LOCK *lock, const ke_thread *thread)
{
    unsigned *link = &table.bucket[bucket_of(lock, thread)];

    while (*link != NONE && (table.hold[*link - 1].lock != lock || table.hold[*link - 1].thread != thread))
        link = &table.hold[*link - 1].next;
    return link;
}

static struct hold hold_locked(const EX_PUSH_LOCK *lock)
{
    unsigned i = *link_locked(lock, ke_thread_current());

    return i == NONE ? (struct hold){.lock = NULL} : table.hold[i - 1];
}

static void remember_locked(const EX_PUSH_LOCK *lock, const ke_thread *thread, bool exclusive)
{
    unsigned *link = link_locked(lock, thread), i = *link;

    if (i == NONE) {
        i = table.free;
        if (i != NONE)
            table.free = table.hold[i - 1].next;
        else if (table.used < HOLDS_MAX)
            i = ++table.used;
        table.overflow |= i == NONE;
        if (i == NONE)
            return;
        table.hold[i - 1] = (struct hold){.lock = lock, .thread = thread, .next = NONE};
        *link = i;
    }
    table.hold[i - 1].exclusive += exclusive;
    table.hold[i - 1].shared += !exclusive;
}

static void forget_locked(const EX_PUSH_LOCK *lock, bool exclusive)
{
    unsigned *link = link_locked(lock, ke_thread_current()), i = *link;

    if (i == NONE)
        return;
    struct hold *h = &table.hold[i - 1];

    h->exclusive -= exclusive && h->exclusive;
    h->shared -= !exclusive && h->shared;
    if (h->exclusive || h->shared)
        return;
    *link = h->next;
    h->next = table.free;
    table.free = i;
}

/* ---- the word; kernel lock held ---- */

struct state {
    uint64_t          held;
    struct ex_waiter *first;
};

static struct state read_locked(const EX_PUSH_LOCK *lock)
{
    struct ex_waiter *w = (struct ex_waiter *)(*lock & ~(ULONG_PTR)7);

    return *lock & WAITING ? (struct state){w->held, w} : (struct state){*lock, NULL};
}

static void write_locked(PEX_PUSH_LOCK lock, struct state s)
{
    if (s.first)
        s.first->held = s.held;
    __atomic_store_n(lock, s.first ? (ULONG_PTR)s.first | WAITING : (ULONG_PTR)s.held, __ATOMIC_RELAXED);
}

static uint64_t with_one_more(uint64_t held, bool exclusive)
{
    return (exclusive ? 0 : held + SHARE) | LOCKED;
}

/* ---- misuse ---- */

static _Noreturn void misuse(const char *rule, uint64_t p1, PEX_PUSH_LOCK lock, const char *what)
{
    uint64_t p[4] = {p1, (uintptr_t)lock, (uintptr_t)ke_thread_current(), 0};

    ke_bugcheckf(rule, DRIVER_VERIFIER_DETECTED_VIOLATION, p, "a push lock %s", what);
}

/* Whatever an initialized lock holds is small or an address. */
UNSYNCHRONIZED static void check_initialized(PEX_PUSH_LOCK lock)
{
    if (__atomic_load_n(lock, __ATOMIC_RELAXED) >> 47)
        misuse("DT-L10", 0x1002, lock, "is used but not initialized");
}

static void check_call(PEX_PUSH_LOCK lock, ULONG flags, uint64_t apc_code, const char *what)
{
    uint64_t bad_flags[4] = {flags, (uintptr_t)lock, 0, 0}, apcs[4] = {apc_code, mach_irql(), 0, (uintptr_t)lock};

    if (flags != EX_DEFAULT_PUSH_LOCK_FLAGS) /* LCK-052 */
        ke_bugcheckf("DT-L15", INVALID_PUSH_LOCK_FLAGS, bad_flags, "a push lock is %s with the flags 0x%x", what,
            (unsigned)flags);
    if (ex_apcs_enabled()) /* LCK-050 */
        ke_violationf("DT-L15", DRIVER_VERIFIER_DETECTED_VIOLATION, apcs,
            "a push lock is %s while normal kernel APCs are enabled", what);
    check_initialized(lock);
}

/* LCK-049. Shared inside shared: Microsoft's pages say both that it hangs and that it does not; with a writer in between
 * it does. */
static void check_recursion(PEX_PUSH_LOCK lock, const struct hold *mine, bool exclusive)
{
    struct finding f = {.severity = FINDING_WARNING, .rule = "DT-L01", .object = lock};

    if (mine->exclusive)
        misuse("DT-L01", 0x1000, lock, "is acquired by the thread that owns it exclusively: a deadlock");
    if (mine->shared && exclusive)
        misuse("DT-L01", 0x1000, lock, "is acquired exclusively by a thread that owns it shared: a deadlock");
    if (mine->shared)
        finding_raisef(&f, "a push lock is acquired shared by a thread that owns it shared: a deadlock as soon as "
                           "somebody waits for exclusive access in between");
}

static void check_owner(PEX_PUSH_LOCK lock, const struct hold *mine, bool exclusive)
{
    uint64_t p[4] = {(uintptr_t)ke_thread_current(), (uintptr_t)lock, 0, 0};

    if (exclusive ? mine->exclusive : mine->shared)
        return;
    if (mine->exclusive || mine->shared)
        misuse("DT-L15", 0x1009, lock, "is released in another mode than it was acquired in");
    ke_bugcheckf("DT-L03", KERNEL_AUTO_BOOST_INVALID_LOCK_RELEASE, p,
        "a push lock is released by a thread that does not own it");
}

/* ---- the routines ---- */

void ex_push_init(PEX_PUSH_LOCK lock)
{
    if ((uintptr_t)lock % sizeof *lock != 0)
        misuse("DT-L10", 0x1005, lock, "is not aligned to 8 bytes");
    *lock = 0;
    ev(EV_LOCK_INIT, lock, EV_LOCK_OTHER, EV_EXLOCK_PUSH_EXCLUSIVE, 0);
}

static uint64_t told(bool exclusive, unsigned count)
{
    return ev_exlock(exclusive ? EV_EXLOCK_PUSH_EXCLUSIVE : EV_EXLOCK_PUSH_SHARED, count);
}

/* True: acquired. False: waits. */
static bool ask_locked(PEX_PUSH_LOCK lock, struct ex_waiter *w)
{
    struct state s = read_locked(lock);
    bool         now = !s.first && (w->exclusive ? s.held == 0 : s.held != LOCKED);

    if (now) {
        s.held = with_one_more(s.held, w->exclusive);
        remember_locked(lock, ke_thread_current(), w->exclusive);
    } else {
        ex_waiter_append_locked(&s.first, w);
    }
    write_locked(lock, s);
    return now;
}

void ex_push_acquire(PEX_PUSH_LOCK lock, bool exclusive, ULONG flags)
{
    struct ex_waiter w = {.exclusive = exclusive};

    check_call(lock, flags, 0xea, "acquired");
    unsigned    irql = ex_lock();
    struct hold mine = hold_locked(lock);

    ex_unlock(irql);
    if (!finding_faithful) /* where it simply hangs */
        check_recursion(lock, &mine, exclusive);
    irql = ex_lock();
    if (ask_locked(lock, &w)) {
        ev(EV_LOCK_ACQUIRE, lock, EV_LOCK_OTHER, irql, told(exclusive, mine.shared + 1));
        ex_unlock(irql);
        return;
    }
    ex_unlock(irql);
    ke_wait_one(&w.event, NULL);
    ev(EV_LOCK_ACQUIRE, lock, EV_LOCK_OTHER, mach_irql(), told(exclusive, mine.shared + 1));
}

/* Link to the n-th exclusive waiter; there are more than n. */
static struct ex_waiter **exclusive_waiter(struct ex_waiter **link, unsigned n)
{
    for (;; link = &(*link)->next)
        if ((*link)->exclusive && n-- == 0)
            return link;
}

static struct ex_waiter *grant_exclusive_locked(PEX_PUSH_LOCK lock, struct state *s)
{
    unsigned n = 0;

    for (struct ex_waiter *w = s->first; w; w = w->next)
        n += w->exclusive;
    struct ex_waiter **link = exclusive_waiter(&s->first, mach_choose(n, CHOICE_WAITER)), *w = *link;

    *link = w->next;
    w->next = NULL;
    s->held = LOCKED;
    remember_locked(lock, (const ke_thread *)w->thread, true);
    return w;
}

static struct ex_waiter *grant_shared_locked(PEX_PUSH_LOCK lock, struct state *s)
{
    struct ex_waiter *first = s->first, **end = &first;

    for (; *end && !(*end)->exclusive; end = &(*end)->next) {
        s->held = with_one_more(s->held, false);
        remember_locked(lock, (const ke_thread *)(*end)->thread, false);
    }
    s->first = *end;
    *end = NULL;
    return first;
}

void ex_push_release(PEX_PUSH_LOCK lock, bool exclusive, ULONG flags)
{
    check_call(lock, flags, 0xeb, "released");
    unsigned          irql = ex_lock();
    struct hold       mine = hold_locked(lock);
    struct ex_waiter *woken = NULL;

    if (!(exclusive ? mine.exclusive : mine.shared) && !table.overflow) {
        ex_unlock(irql);
        check_owner(lock, &mine, exclusive);
    }
    struct state s = read_locked(lock);

    forget_locked(lock, exclusive);
    ev(EV_LOCK_RELEASE, lock, EV_LOCK_OTHER, irql, told(exclusive, exclusive ? 0 : mine.shared - 1));
    s.held = exclusive || s.held == (SHARE | LOCKED) ? 0 : s.held - SHARE;
    if (s.held == 0 && s.first)
        woken = s.first->exclusive ? grant_exclusive_locked(lock, &s) : grant_shared_locked(lock, &s);
    write_locked(lock, s);
    ex_unlock(irql);
    ex_wake(woken);
}
