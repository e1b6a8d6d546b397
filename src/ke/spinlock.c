/* SPDX-License-Identifier: MIT */
/*
 * ke/spinlock.c - KSPIN_LOCK: plain, at DPC level, and in-stack queued.
 *
 * The word holds 0 or the owner's tag (processor + 1) << 1 | 1, so that taking a lock twice and releasing one that
 * is not held are noticed here, on both machines, at no cost: Windows would hang or corrupt (SPL-019, SPL-021);
 * a checked one stops with 0xF and 0x10. In-stack queued locks use the same word and hand over in order of arrival
 * through the handles (SPL-040); one lock must not be used in both ways at once, which the words tell (SPL-043).
 * Reader-writer spin locks are in rwlock.c.
 */
#include "ke/priv.h"

static uintptr_t my_tag(void)
{
    return ((uintptr_t)mach_cpu() + 1) << 1 | 1;
}

static unsigned owner_of(uintptr_t word)
{
    return (unsigned)(word >> 1) - 1;
}

static _Noreturn void already_owned(PKSPIN_LOCK lock)
{
    uint64_t p[4] = {(uintptr_t)lock};

    ke_bugcheckf("DT-L01", 0x0F, p, "processor %u takes a spin lock that it holds already", mach_cpu());
}

static _Noreturn void not_held(PKSPIN_LOCK lock)
{
    uint64_t p[4] = {(uintptr_t)lock};

    ke_bugcheckf("DT-L02", 0x10, p, "processor %u releases a spin lock that nobody holds", mach_cpu());
}

static _Noreturn void mixed(PKSPIN_LOCK lock, uint64_t code)
{
    uint64_t p[4] = {code, (uintptr_t)lock};

    ke_bugcheckf("DT-L09", 0xC4, p, "plain and queued spin lock calls are mixed on one lock");
}

/* The thread that took it is not known any more; which processor, the text says. Returns in faithful mode: then it is
 * released. */
static void not_owned(PKSPIN_LOCK lock, uintptr_t word)
{
    uint64_t p[4] = {0x1004, (uintptr_t)lock, 0, (uintptr_t)ke_thread_current()};

    if (word == 0)
        not_held(lock);
    if (!(word & 1))
        mixed(lock, 0x1009);
    ke_violationf(
        "DT-L03", 0xC4, p, "processor %u releases a spin lock that processor %u holds", mach_cpu(), owner_of(word));
}

static bool take(PKSPIN_LOCK lock, uintptr_t tag)
{
    return mach_claim((uintptr_t *)lock, 0, tag);
}

void ke_spin_acquire(PKSPIN_LOCK lock, enum ev_lock kind, unsigned old_irql)
{
    uintptr_t tag = my_tag();

    while (!take(lock, tag)) {
        uintptr_t word = __atomic_load_n((uintptr_t *)lock, __ATOMIC_RELAXED);

        if (word == tag)
            already_owned(lock);
        if (word && !(word & 1))
            mixed(lock, 0x1008);
        ev(EV_LOCK_SPUN, (void *)lock, word ? owner_of(word) : 0, kind, 0);
        mach_relax((void *)lock);
    }
    ev(EV_LOCK_ACQUIRE, (void *)lock, kind, old_irql, 0);
}

bool ke_spin_try(PKSPIN_LOCK lock, enum ev_lock kind, unsigned old_irql)
{
    if (!take(lock, my_tag()))
        return false;
    ev(EV_LOCK_ACQUIRE, (void *)lock, kind, old_irql, 0);
    return true;
}

void ke_spin_release(PKSPIN_LOCK lock, enum ev_lock kind, unsigned new_irql)
{
    uintptr_t tag = my_tag(), word = __atomic_load_n((uintptr_t *)lock, __ATOMIC_RELAXED);

    if (word != tag)
        not_owned(lock, word);
    ev(EV_LOCK_RELEASE, (void *)lock, kind, new_irql, 0);
    __atomic_store_n((uintptr_t *)lock, 0, __ATOMIC_RELEASE);
}

bool ke_spin_held_by_me(PKSPIN_LOCK lock)
{
    return mach_irql() >= DISPATCH_LEVEL && __atomic_load_n((uintptr_t *)lock, __ATOMIC_RELAXED) == my_tag();
}

/*
 * Queued: LockQueue.Lock of a handle is the lock's address with bit 0 set while the handle waits and bit 1 while it
 * owns; after a release it is the address alone. The word of the lock is the address of the last handle in line, 0 when
 * free; alignment keeps bit 0 clear, so that a mixture of plain and queued calls on one lock is seen.
 */
enum { QUEUED_WAITS = 1, QUEUED_OWNS = 2, QUEUED_BITS = 7 };

static uintptr_t handle_word(KSPIN_LOCK_QUEUE *q)
{
    return __atomic_load_n((uintptr_t *)&q->Lock, __ATOMIC_ACQUIRE);
}

static void handle_set(KSPIN_LOCK_QUEUE *q, uintptr_t word)
{
    __atomic_store_n((uintptr_t *)&q->Lock, word, __ATOMIC_RELEASE);
}

/* SPL-044, SPL-045: a handle that is in line already would be in line behind itself. */
static _Noreturn void handle_in_use(PKSPIN_LOCK lock)
{
    uint64_t p[4] = {0x40006, 0, (uintptr_t)lock};

    ke_bugcheckf(
        "DT-L09", 0xC4, p, "a queued spin lock is acquired with a handle that holds it or waits for it already");
}

static KSPIN_LOCK_QUEUE *get_in_line(PKSPIN_LOCK lock, KSPIN_LOCK_QUEUE *q)
{
    uintptr_t last = __atomic_load_n((uintptr_t *)lock, __ATOMIC_RELAXED);

    if (last == (uintptr_t)q)
        handle_in_use(lock);
    __atomic_store_n(&q->Next, NULL, __ATOMIC_RELAXED);
    handle_set(q, (uintptr_t)lock | QUEUED_WAITS);
    do {
        if (last & 1)
            mixed(lock, 0x1008);
    } while (
        !__atomic_compare_exchange_n((uintptr_t *)lock, &last, (uintptr_t)q, true, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
    return (KSPIN_LOCK_QUEUE *)last;
}

void ke_queued_acquire(PKSPIN_LOCK lock, PKLOCK_QUEUE_HANDLE h, enum ev_lock kind, unsigned old_irql)
{
    KSPIN_LOCK_QUEUE *q = &h->LockQueue;
    KSPIN_LOCK_QUEUE *ahead = get_in_line(lock, q);

    h->OldIrql = (KIRQL)old_irql;
    if (ahead) {
        __atomic_store_n(&ahead->Next, q, __ATOMIC_RELEASE);
        while (handle_word(q) & QUEUED_WAITS) {
            ev(EV_LOCK_SPUN, (void *)lock, 0, kind, (uintptr_t)h);
            mach_relax((void *)lock);
        }
    }
    handle_set(q, (uintptr_t)lock | QUEUED_OWNS);
    ev(EV_LOCK_ACQUIRE, (void *)lock, kind, old_irql, (uintptr_t)h);
}

/* SPL-042, SPL-044. What a handle is that never acquired anything nobody knows; a zeroed or released one tells. */
PKSPIN_LOCK ke_queued_lock(PKLOCK_QUEUE_HANDLE h)
{
    uintptr_t   word = handle_word(&h->LockQueue);
    PKSPIN_LOCK lock = (PKSPIN_LOCK)(word & ~(uintptr_t)QUEUED_BITS);

    if ((word & QUEUED_BITS) == QUEUED_OWNS && lock)
        return lock;
    uint64_t p[4] = {0x40007, 0, (uintptr_t)lock};

    ke_bugcheckf("DT-L02", 0xC4, p, "a queued spin lock is released with a handle that does not hold it");
}

void ke_queued_release(PKLOCK_QUEUE_HANDLE h, enum ev_lock kind, unsigned new_irql)
{
    KSPIN_LOCK_QUEUE *q = &h->LockQueue, *next;
    PKSPIN_LOCK       lock = ke_queued_lock(h);
    uintptr_t         last = (uintptr_t)q;

    ev(EV_LOCK_RELEASE, (void *)lock, kind, new_irql, (uintptr_t)h);
    handle_set(q, (uintptr_t)lock);
    if (__atomic_compare_exchange_n((uintptr_t *)lock, &last, 0, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        return;
    while (!(next = __atomic_load_n(&q->Next, __ATOMIC_ACQUIRE)))
        mach_relax((void *)lock); /* it is between its exchange and its link */
    handle_set(next, (uintptr_t)lock);
}
