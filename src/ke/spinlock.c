/* SPDX-License-Identifier: MIT */
/*
 * ke/spinlock.c - KSPIN_LOCK: plain, at DPC level, and in-stack queued.
 *
 * The word holds 0 or the owner's tag (processor + 1) << 1 | 1, so that taking a lock twice and releasing one that
 * is not held are noticed here, on both machines, at no cost: Windows would hang or corrupt (SPL-0xx); a checked
 * one stops with 0xF and 0x10. In-stack queued locks use the same word and hand over in order of arrival through
 * the handles; as on NT one lock must not be used in both ways at once.
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

static _Noreturn void not_owned(PKSPIN_LOCK lock, uintptr_t word)
{
    uint64_t p[4] = {(uintptr_t)lock};

    if (word == 0)
        ke_bugcheckf("DT-L02", 0x10, p, "processor %u releases a spin lock that nobody holds", mach_cpu());
    ke_bugcheckf(
        "DT-L03", 0x10, p, "processor %u releases a spin lock that processor %u holds", mach_cpu(), owner_of(word));
}

static bool take(PKSPIN_LOCK lock, uintptr_t tag)
{
    uintptr_t free = 0;

    return __atomic_compare_exchange_n((uintptr_t *)lock, &free, tag, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

void ke_spin_acquire(PKSPIN_LOCK lock, enum ev_lock kind, unsigned old_irql)
{
    uintptr_t tag = my_tag();

    while (!take(lock, tag)) {
        uintptr_t word = __atomic_load_n((uintptr_t *)lock, __ATOMIC_RELAXED);

        if (word == tag)
            already_owned(lock);
        ev(EV_LOCK_SPUN, (void *)lock, owner_of(word), 0, 0);
        mach_relax((void *)lock);
    }
    ev(EV_LOCK_ACQUIRE, (void *)lock, kind, old_irql, tag);
}

bool ke_spin_try(PKSPIN_LOCK lock, enum ev_lock kind, unsigned old_irql)
{
    if (!take(lock, my_tag()))
        return false;
    ev(EV_LOCK_ACQUIRE, (void *)lock, kind, old_irql, my_tag());
    return true;
}

void ke_spin_release(PKSPIN_LOCK lock, enum ev_lock kind, unsigned new_irql)
{
    uintptr_t tag = my_tag(), word = __atomic_load_n((uintptr_t *)lock, __ATOMIC_RELAXED);

    if (word != tag)
        not_owned(lock, word);
    ev(EV_LOCK_RELEASE, (void *)lock, kind, new_irql, tag);
    __atomic_store_n((uintptr_t *)lock, 0, __ATOMIC_RELEASE);
}

bool ke_spin_held_by_me(PKSPIN_LOCK lock)
{
    return mach_irql() >= DISPATCH_LEVEL && __atomic_load_n((uintptr_t *)lock, __ATOMIC_RELAXED) == my_tag();
}

/*
 * Queued: LockQueue.Lock of a handle is the lock's address, bit 0 set while the handle waits. The word of the
 * lock is the address of the last handle in line, 0 when free; alignment keeps bit 0 clear, so that a mixture of
 * plain and queued calls on one lock is seen.
 */
static KSPIN_LOCK_QUEUE *exchange_tail(PKSPIN_LOCK lock, KSPIN_LOCK_QUEUE *q)
{
    return (KSPIN_LOCK_QUEUE *)__atomic_exchange_n((uintptr_t *)lock, (uintptr_t)q, __ATOMIC_ACQ_REL);
}

static _Noreturn void mixed(PKSPIN_LOCK lock)
{
    uint64_t p[4] = {0x1008, (uintptr_t)lock};

    ke_bugcheckf("DT-L09", 0xC4, p, "plain and queued spin lock calls are mixed on one lock");
}

enum { QUEUED_WAITS = 1 };

static bool queued_waits(KSPIN_LOCK_QUEUE *q)
{
    return (__atomic_load_n((uintptr_t *)&q->Lock, __ATOMIC_ACQUIRE) & QUEUED_WAITS) != 0;
}

void ke_queued_acquire(PKSPIN_LOCK lock, PKLOCK_QUEUE_HANDLE h, enum ev_lock kind, unsigned old_irql)
{
    KSPIN_LOCK_QUEUE *q = &h->LockQueue;

    h->OldIrql = (KIRQL)old_irql;
    __atomic_store_n(&q->Next, NULL, __ATOMIC_RELAXED);
    __atomic_store_n((uintptr_t *)&q->Lock, (uintptr_t)lock | QUEUED_WAITS, __ATOMIC_RELAXED);

    uintptr_t before = __atomic_load_n((uintptr_t *)lock, __ATOMIC_RELAXED);

    if (before & 1)
        mixed(lock);
    KSPIN_LOCK_QUEUE *ahead = exchange_tail(lock, q);

    if (ahead) {
        __atomic_store_n(&ahead->Next, q, __ATOMIC_RELEASE);
        while (queued_waits(q)) {
            ev(EV_LOCK_SPUN, (void *)lock, 0, 0, 0);
            mach_relax((void *)lock);
        }
    }
    __atomic_store_n((uintptr_t *)&q->Lock, (uintptr_t)lock, __ATOMIC_RELAXED);
    ev(EV_LOCK_ACQUIRE, (void *)lock, kind, old_irql, my_tag());
}

void ke_queued_release(PKLOCK_QUEUE_HANDLE h, enum ev_lock kind, unsigned new_irql)
{
    KSPIN_LOCK_QUEUE *q = &h->LockQueue;
    PKSPIN_LOCK       lock = q->Lock;
    uintptr_t         last = (uintptr_t)q;

    if (!lock || __atomic_load_n((uintptr_t *)lock, __ATOMIC_RELAXED) == 0)
        not_owned(lock, 0);
    ev(EV_LOCK_RELEASE, (void *)lock, kind, new_irql, my_tag());
    q->Lock = NULL;
    if (__atomic_compare_exchange_n((uintptr_t *)lock, &last, 0, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        return;
    KSPIN_LOCK_QUEUE *next;

    while (!(next = __atomic_load_n(&q->Next, __ATOMIC_ACQUIRE)))
        mach_relax((void *)lock); /* it is between its exchange and its link */
    __atomic_store_n((uintptr_t *)&next->Lock, (uintptr_t)lock, __ATOMIC_RELEASE);
}
