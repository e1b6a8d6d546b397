/* SPDX-License-Identifier: MIT */
/*
 * observe/verify_order.c - what is remembered of a lock while it lives: DT-L06 (order), L07 (levels), L10 (initialization).
 *
 * Order. An edge A -> B says that somebody waited for B with A held. Before one is added a way back from B to A is looked
 * for: if there is one, two executors can each hold one of the ring and wait for the next, whether or not they met in
 * this run (SPL-024). Instances, not classes: two devices' locks of the same kind may be taken in either order as long
 * as they are never each other's inner one. Attempts (TryTo) do not wait and add nothing.
 *
 * A lock has room for a few successors; more are forgotten, so that inversions may be missed, never invented.
 */
#include "observe/verify_state.h"

/* ---- initialization ---- */

/*
 * SPL-023. Of a lock that is free only the state that it has is written again: an object that is used anew in the same memory
 * does just that, and nobody can tell the difference.
 */
void verify_lock_init(struct verify *v, const struct ev *e)
{
    struct verify_known *k = ev_lock_spins(e->a) ? tab_get(&v->known, e->obj) : NULL;

    if (!k)
        return;
    if (tab_find(&v->locks, e->obj))
        verify_raise(v, VERIFY_L10, STOP, CODE(0xc4, {0x1005, PARAM(e->obj), 0, 0}), e->obj, NULL,
            "a spin lock is initialized again while it is held");
    k->initialized = true;
}

static bool needs_init(uint64_t kind)
{
    return ev_lock_spins(kind) && kind != EV_LOCK_CANCEL && kind < EV_LOCK_INTERRUPT;
}

/* SPL-023, INT-018. */
static void check_initialized(struct verify *v, const struct ev *e, struct verify_known *k)
{
    if (k->initialized || !needs_init(e->a))
        return;
    k->initialized = true;
    verify_raise(v, VERIFY_L10, WARN, CODE(0xc4, {0x1002, PARAM(e->obj), 0, 0}), e->obj, NULL,
        "a spin lock is used that nobody has initialized");
}

/* ---- levels ---- */

enum { KE_LOW = 1, KE_HIGH = 2, INTERLOCKED_LOW = 4, INTERLOCKED_HIGH = 8, TOLD_STOP = 16, TOLD_WARN = 32 };

static uint8_t use_of(const struct ev *e)
{
    bool high = e->b > VERIFY_DISPATCH;

    if (e->a == EV_LOCK_INTERLOCKED)
        return high ? INTERLOCKED_HIGH : INTERLOCKED_LOW;
    return high ? KE_HIGH : KE_LOW;
}

/*
 * SPL-033, SPL-034, INT-016: an interrupt comes while the lock is held below its level, on the same processor, and spins
 * for ever. INT-017: pages disagree whether lists and other uses may share a lock at DISPATCH_LEVEL.
 */
static void check_levels(struct verify *v, const struct ev *e, struct verify_known *k)
{
    if (e->a == EV_LOCK_INTERRUPT)
        k->use |= INTERLOCKED_HIGH;
    else if (needs_init(e->a))
        k->use |= use_of(e);
    else
        return;
    if (k->use & KE_LOW && k->use & (KE_HIGH | INTERLOCKED_HIGH) && !(k->use & TOLD_STOP)) {
        k->use |= TOLD_STOP;
        verify_raise(v, VERIFY_L07, STOP, CODE(0), e->obj, NULL,
            "a spin lock is acquired at device level (an interrupt routine) and at DISPATCH_LEVEL");
    } else if (k->use & KE_HIGH && !(k->use & (TOLD_WARN | TOLD_STOP))) {
        k->use |= TOLD_WARN;
        verify_raise(v, VERIFY_L07, WARN, CODE(0), e->obj, NULL, "an executive spin lock is acquired at IRQL %u",
            (unsigned)e->b);
    } else if (k->use & KE_LOW && k->use & INTERLOCKED_LOW && !(k->use & (TOLD_WARN | TOLD_STOP))) {
        k->use |= TOLD_WARN;
        verify_raise(v, VERIFY_L07, WARN, CODE(0), e->obj, NULL,
            "a spin lock serves ExInterlocked routines and KeAcquireSpinLock alike");
    }
}

/* ---- order ---- */

static bool has_after(const struct verify_known *k, const void *lock)
{
    for (unsigned i = 0; i < k->n_after; i++)
        if (k->after[i] == lock)
            return true;
    return false;
}

/* Depth first; each lock is looked at once. A stack that is full ends the search of that branch. */
static bool leads_to(struct verify *v, const void *from, const void *to)
{
    const void *stack[32] = {from};
    unsigned    n = 1;

    v->order_mark++;
    while (n) {
        struct verify_known *k = tab_find(&v->known, stack[--n]);

        if (!k || k->mark == v->order_mark)
            continue;
        k->mark = v->order_mark;
        if (has_after(k, to))
            return true;
        for (unsigned i = 0; i < k->n_after && n < 32; i++)
            stack[n++] = k->after[i];
    }
    return false;
}

static void add_edge(struct verify *v, const struct verify_lock *held, const struct ev *e)
{
    struct verify_known *k = tab_find(&v->known, held->lock);

    if (!k || has_after(k, e->obj) || held->lock == e->obj)
        return;
    if (leads_to(v, e->obj, held->lock))
        verify_raise(v, VERIFY_L06, STOP, CODE(0xc4, {0x1001, PARAM(e->obj), 0, 0}), e->obj, NULL,
            "lock %p is acquired with lock %p held; before, it was the other way round", e->obj, held->lock);
    if (k->n_after < VERIFY_AFTER)
        k->after[k->n_after++] = e->obj;
}

/* Of a thread that a DPC or interrupt routine has interrupted nothing is "held with": only spin locks keep others out. */
static bool counts(struct verify *v, const struct verify_lock *held, const struct ev *e)
{
    const struct verify_frame *f;

    if (!verify_lock_is_mine(held, e))
        return false;
    if (ev_lock_spins(held->kind))
        return true;
    f = verify_frame_top(v, e);
    return !f || !f->on_cpu || f->seq < held->seq;
}

static bool waits(const struct ev *e)
{
    if (e->a == EV_LOCK_FAST_MUTEX)
        return !(e->c & EV_LOCK_TRIED);
    if (e->a == EV_LOCK_MUTEX && e->c == EV_LOCK_TRIED)
        return false;
    return e->a != EV_LOCK_SPIN_TRY && !(ev_lock_spins(e->a) && e->a >= EV_LOCK_RW_EXCLUSIVE && e->c == EV_LOCK_TRIED);
}

void verify_order_acquire(struct verify *v, const struct ev *e)
{
    struct verify_known *k = tab_get(&v->known, e->obj);

    if (!k)
        return;
    check_initialized(v, e, k);
    check_levels(v, e, k);
    if (v->locks.count == 0 || !waits(e))
        return;
    tab_for_each(const struct verify_lock, l, &v->locks)
    {
        if (counts(v, l, e))
            add_edge(v, l, e);
    }
}

/* ---- gone ---- */

static void forget_after(struct verify_known *k, struct range r)
{
    for (unsigned i = k->n_after; i-- > 0;)
        if (range_has(r, k->after[i]))
            k->after[i] = k->after[--k->n_after];
}

void verify_order_memory_gone(struct verify *v, struct range r)
{
    tab_for_each(struct verify_known, k, &v->known)
    {
        if (range_has(r, k->key))
            tab_remove(&v->known, k);
        else
            forget_after(k, r);
    }
}
