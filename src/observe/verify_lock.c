/* SPDX-License-Identifier: MIT */
/*
 * observe/verify_lock.c - locks that are held, and how they are let go: DT-L01 .. L04, L09, L11 .. L13, L17, B02, I04.
 *
 * The kernel itself stops a recursive acquire of a spin lock (0xF) and the release of a free one (0x10) before any
 * event tells of it. What is here sees the other kinds of locks, which routine paired with which, what a routine, thread
 * or block of memory leaves behind, and processors that spin for each other. A lock that is held shared has a record
 * for each processor that holds it.
 *
 * What the history of a lock tells (order, levels, initialization) is in verify_order.c.
 */
#include "observe/verify_state.h"

static bool is_watched(uint64_t kind)
{
    return kind <= EV_LOCK_MUTEX;
}

static const void *key_of(const void *lock, uint64_t kind, unsigned cpu)
{
    return ev_lock_shared(kind) ? (const void *)((uintptr_t)lock ^ (uintptr_t)(cpu + 1) << 56) : lock;
}

static struct verify_lock *find_held(struct verify *v, const struct ev *e)
{
    return tab_find(&v->locks, key_of(e->obj, e->a, e->cpu));
}

static struct verify_lock *find_shared(struct verify *v, const void *lock, unsigned cpu)
{
    return tab_find(&v->locks, key_of(lock, EV_LOCK_RW_SHARED, cpu));
}

/* Whoever runs here holds it, on its processor or as a thread. */
static bool is_mine(const struct verify_lock *l, const struct ev *e)
{
    return ev_lock_spins(l->kind) ? l->cpu == e->cpu : l->thread == e->thread && e->thread != 0;
}

const struct verify_lock *verify_lock_spin_held_here(struct verify *v, const struct ev *e)
{
    tab_for_each(const struct verify_lock, l, &v->locks)
    {
        if (ev_lock_spins(l->kind) && l->cpu == e->cpu)
            return l;
    }
    return NULL;
}

/* TDP-015. At PASSIVE_LEVEL the call is outside its IRQL range; this is the other mode, in which it happens to work. */
static void check_threaded(struct verify *v, const struct ev *e, unsigned code)
{
    const struct verify_frame *f = verify_frame_top_dpc(v, e);

    if (f && f->threaded && (e->a == EV_LOCK_SPIN_AT_DPC || e->a == EV_LOCK_QUEUED_AT_DPC))
        verify_raise(v, VERIFY_D13, STOP, CODE(0xc4, {code, e->irql, PARAM(e->obj), 0}), e->obj, f->routine,
            "a threaded DPC %s a spin lock as if it always ran at DISPATCH_LEVEL", code == 0x40 ? "takes" : "releases");
}

/* ---- acquire ---- */

/* SPL-019, SPL-057, LCK-007. */
static void check_recursion(struct verify *v, const struct ev *e, const struct verify_lock *l)
{
    if (!l)
        return;
    if (ev_lock_spins(e->a))
        verify_raise(v, VERIFY_L01, STOP, CODE(0xf, {PARAM(l->lock), 0, 0, 0}), l->lock, NULL,
            "a spin lock is acquired %sthat is already owned by processor %u", ev_lock_shared(e->a) ? "shared " : "",
            l->cpu);
    else
        verify_raise(v, VERIFY_L01, STOP, CODE(0xc4, {0x1000, PARAM(l->lock), 0, 0}), l->lock, NULL,
            "a fast mutex is acquired that is already owned by thread %u", l->thread);
}

/* SPL-044. A handle is one place in one line; e->c is the handle, of queued locks only. */
static void check_handle(struct verify *v, const struct ev *e, uint64_t kind)
{
    if (!e->c || (kind != EV_LOCK_QUEUED && kind != EV_LOCK_QUEUED_AT_DPC))
        return;
    tab_for_each(const struct verify_lock, l, &v->locks)
    {
        if (l->handle == e->c)
            verify_raise(v, VERIFY_L09, STOP,
                CODE(0xc4, {0x40006, PARAM(verify_rules[VERIFY_L09].title), PARAM(e->obj), 0}), e->obj, NULL,
                "a queued spin lock is acquired with a handle that is in use, by processor %u", l->cpu);
    }
}

/* SPL-058, SPL-060. The record of the reader becomes the writer's, to be released as it was acquired. */
static void converted(struct verify *v, const struct ev *e)
{
    struct verify_lock *shared = find_shared(v, e->obj, e->cpu), *l, was;

    if (!shared) {
        verify_raise(v, VERIFY_L03, STOP, CODE(0xc4, {0x1004, PARAM(e->obj), 0, 0}), e->obj, NULL,
            "a spin lock is converted to exclusive by a processor that does not hold it shared");
        return;
    }
    was = *shared;
    tab_remove(&v->locks, shared);
    l = tab_get(&v->locks, e->obj);
    if (!l)
        return;
    *l = was;
    l->key = e->obj;
    l->kind = was.kind == EV_LOCK_RW_SHARED ? EV_LOCK_RW_EXCLUSIVE : EV_LOCK_RW_EXCLUSIVE_AT_DPC;
}

static bool mark_outer(struct verify *v, const struct ev *e)
{
    bool inner = false;

    if (!ev_lock_spins(e->a))
        return false;
    tab_for_each(struct verify_lock, l, &v->locks)
    {
        if (ev_lock_spins(l->kind) && l->cpu == e->cpu)
            inner = l->crossed = true;
    }
    return inner;
}

static void record(struct verify *v, const struct ev *e)
{
    bool                inner = mark_outer(v, e);
    struct verify_lock *l = tab_get(&v->locks, key_of(e->obj, e->a, e->cpu));
    bool                queued = e->a == EV_LOCK_QUEUED || e->a == EV_LOCK_QUEUED_AT_DPC;

    if (l)
        *l = (struct verify_lock){.key = l->key,
            .lock = e->obj,
            .handle = queued ? e->c : 0,
            .thread = e->thread,
            .cpu = e->cpu,
            .kind = (uint8_t)e->a,
            .old_irql = (uint8_t)e->b,
            .crossed = inner,
            .since_ns = e->time_ns,
            .seq = ++v->seq};
}

void verify_lock_acquire(struct verify *v, const struct ev *e)
{
    if (verify_gone_lock(v, e, "takes"))
        return;
    verify_frame_touches(v, e);
    check_threaded(v, e, 0x40);
    if (!is_watched(e->a))
        return;
    if (ev_lock_spins(e->a))
        v->spinners &= ~(1ull << e->cpu);
    if (e->a == EV_LOCK_RW_EXCLUSIVE && e->c == EV_LOCK_CONVERTED) {
        converted(v, e);
        return;
    }
    check_recursion(v, e, find_held(v, e));
    check_handle(v, e, e->a);
    verify_order_acquire(v, e);
    record(v, e);
}

/* ---- release ---- */

static void check_release_of_nothing(struct verify *v, const struct ev *e)
{
    if (ev_lock_shared(e->a)) /* the kernel has counted a reader: it is another processor */
        verify_raise(v, VERIFY_L03, STOP, CODE(0xc4, {0x1004, PARAM(e->obj), 0, 0}), e->obj, NULL,
            "a shared spin lock is released by a processor that does not hold it");
    else if (ev_lock_spins(e->a)) /* SPL-021 */
        verify_raise(v, VERIFY_L02, STOP, CODE(0x10, {PARAM(e->obj), 0, 0, 0}), e->obj, NULL,
            "a spin lock is released that nobody holds");
    else
        verify_raise(v, VERIFY_L02, STOP, CODE(0xc4, {0x1007, PARAM(e->obj), 0, 0}), e->obj, NULL,
            "a fast mutex is released that nobody holds");
}

/* SPL-022, SPL-044. */
static void check_owner(struct verify *v, const struct ev *e, const struct verify_lock *l)
{
    if (ev_lock_spins(l->kind) && l->cpu != e->cpu)
        verify_raise(v, VERIFY_L03, STOP, CODE(0xc4, {0x1004, PARAM(l->lock), l->thread, e->thread}), l->lock, NULL,
            "processor %u releases a spin lock that processor %u holds", e->cpu, l->cpu);
}

/* SPL-011, SPL-012, SPL-060, SPL-064. At DISPATCH_LEVEL all along the pair happens to work. */
static void check_pair(struct verify *v, const struct ev *e, const struct verify_lock *l)
{
    bool raised = l->kind != EV_LOCK_SPIN_TRY && l->old_irql < VERIFY_DISPATCH;

    if (l->kind == e->a || (l->kind == EV_LOCK_SPIN_TRY && e->a <= EV_LOCK_SPIN_AT_DPC))
        return;
    verify_raise(v, VERIFY_L09, raised || e->b < VERIFY_DISPATCH ? STOP : WARN,
        CODE(0xc4, {0x1009, PARAM(l->lock), 0, 0}), l->lock, NULL,
        "a spin lock is released by a routine that does not go with the one that acquired it: IRQL %u before, %u after",
        l->old_irql, (unsigned)e->b);
}

static const struct verify_lock *other_held_here(struct verify *v, const struct ev *e, const struct verify_lock *but)
{
    tab_for_each(const struct verify_lock, l, &v->locks)
    {
        if (l != but && ev_lock_spins(l->kind) && l->cpu == e->cpu)
            return l;
    }
    return NULL;
}

/* SPL-046; SPL-008, SPL-003. Locks that overlap may have traded their levels, so that all is well in the end. */
static void check_level(struct verify *v, const struct ev *e, const struct verify_lock *l)
{
    const struct verify_lock *other = other_held_here(v, e, l);
    bool                      stays_up = !other && e->b > l->old_irql;

    if (!ev_lock_spins(l->kind))
        return;
    if (other && e->b < VERIFY_DISPATCH)
        verify_raise(v, VERIFY_L12, STOP, CODE(0xc4, {0x1003, PARAM(l->lock), PARAM(other->lock), 0}), l->lock, NULL,
            "the release of a spin lock lowers IRQL to %u while another one is held", (unsigned)e->b);
    else if (l->kind == e->a && e->b != l->old_irql)
        verify_raise(v, VERIFY_I04, l->crossed && !stays_up ? WARN : STOP,
            CODE(0xc4, {0x20015, PARAM(verify_rules[VERIFY_I04].title), PARAM(l->lock), 0}), l->lock, NULL,
            "a spin lock that was acquired at IRQL %u is released with IRQL %u", l->old_irql, (unsigned)e->b);
}

/* SPL-028. Virtual time moves when the explorer says so: what counts is what the holder has let pass. */
static void check_hold_time(struct verify *v, const struct ev *e, const struct verify_lock *l)
{
    uint64_t spent = v->opt.budget_by_clock ? e->time_ns - l->since_ns : l->spent_ns;

    if (ev_lock_spins(l->kind) && spent > VERIFY_LOCK_NS)
        verify_raise(v, VERIFY_B02, WARN, CODE(0, {PARAM(l->lock), spent, VERIFY_LOCK_NS, 0}), l->lock, NULL,
            "a spin lock was held for %llu us; %u us is the limit", (unsigned long long)spent / 1000,
            VERIFY_LOCK_NS / 1000);
}

/* MTX-026. Nothing breaks, but who reads the code expects pairs. */
static void check_mutex_order(struct verify *v, const struct ev *e, const struct verify_lock *l)
{
    if (e->a != EV_LOCK_MUTEX)
        return;
    tab_for_each(const struct verify_lock, other, &v->locks)
    {
        if (other->kind == EV_LOCK_MUTEX && other->thread == l->thread && other->seq > l->seq)
            verify_raise(v, VERIFY_L12, WARN, CODE(0xc4, {0x1003, PARAM(l->lock), PARAM(other->lock), 0}), l->lock,
                NULL, "a mutex is released before another one that was acquired after it");
    }
}

void verify_lock_release(struct verify *v, const struct ev *e)
{
    struct verify_lock *l;

    if (verify_gone_lock(v, e, "releases"))
        return;
    verify_frame_touches(v, e);
    check_threaded(v, e, 0x41);
    verify_frame_handed_off(v, e);
    if (!is_watched(e->a))
        return;
    l = find_held(v, e);
    if (!l) {
        check_release_of_nothing(v, e);
        return;
    }
    check_owner(v, e, l);
    check_pair(v, e, l);
    check_level(v, e, l);
    check_hold_time(v, e, l);
    check_mutex_order(v, e, l);
    tab_remove(&v->locks, l);
}

void verify_lock_stall(struct verify *v, const struct ev *e)
{
    tab_for_each(struct verify_lock, l, &v->locks)
    {
        if (ev_lock_spins(l->kind) && l->cpu == e->cpu)
            l->spent_ns += e->a;
    }
}

/* SPL-026. */
void verify_lock_lowered(struct verify *v, const struct ev *e)
{
    const struct verify_lock *l = e->b < VERIFY_DISPATCH ? verify_lock_spin_held_here(v, e) : NULL;

    if (l)
        verify_raise(v, VERIFY_L12, STOP, CODE(0xc4, {0x31, e->a, e->b, 0}), l->lock, NULL,
            "IRQL is lowered to %u while a spin lock is held", (unsigned)e->b);
}

/* SPL-030. What is called may come back for the lock. */
void verify_lock_callout(struct verify *v, const struct ev *e, const char *what)
{
    const struct verify_lock *l = verify_lock_spin_held_here(v, e);

    if (l && l->kind != EV_LOCK_INTERRUPT)
        verify_raise(v, VERIFY_L13, WARN, CODE(0), l->lock, NULL, "%s while a spin lock is held", what);
}

/* ---- processors that spin ---- */

static const struct verify_lock *holder_of(struct verify *v, const void *lock, unsigned me)
{
    const struct verify_lock *l = tab_find(&v->locks, lock), *mine = find_shared(v, lock, me);

    if (l || mine)
        return l ? l : mine;
    tab_for_each(const struct verify_lock, s, &v->locks)
    {
        if (s->lock == lock && v->spinners >> s->cpu & 1)
            return s;
    }
    return NULL;
}

/* SPL-025: each in the ring spins for a lock that the next one holds, who therefore never releases it. */
void verify_lock_spun(struct verify *v, const struct ev *e)
{
    const struct verify_lock *l = holder_of(v, e->obj, e->cpu), *next = l;

    if (verify_gone_lock(v, e, "spins for"))
        return;
    v->spinners |= 1ull << e->cpu;
    v->spins_for[e->cpu] = e->obj;
    if (!l || !ev_lock_spins(l->kind))
        return;
    if (l->cpu == e->cpu) { /* SPL-020, SPL-057 */
        verify_raise(v, VERIFY_L01, STOP, CODE(0xf, {PARAM(l->lock), 0, 0, 0}), l->lock, NULL,
            "processor %u spins for a lock that it owns itself", e->cpu);
        return;
    }
    for (unsigned i = 0; i < 64 && next && next->cpu != e->cpu; i++) {
        if (!(v->spinners >> next->cpu & 1))
            return;
        next = holder_of(v, v->spins_for[next->cpu], e->cpu);
    }
    if (next && next->cpu == e->cpu)
        verify_raise(v, VERIFY_L17, STOP, CODE(0xc4, {0x1001, PARAM(l->lock), 0, 0}), l->lock, NULL,
            "deadlock: processor %u spins for lock %p that processor %u holds, which waits for lock %p of processor %u",
            e->cpu, l->lock, l->cpu, next->lock, e->cpu);
}

/* ---- what is left behind ---- */

const struct verify_lock *verify_lock_held_since(struct verify *v, const struct verify_frame *f)
{
    const struct verify_lock *newest = NULL;

    tab_for_each(const struct verify_lock, l, &v->locks)
    {
        bool mine = f->on_cpu ? ev_lock_spins(l->kind) && l->cpu == f->cpu : l->thread == f->thread && f->thread != 0;

        if (l->kind == EV_LOCK_MUTEX) /* shows in the APC-disable count: 0xC4/0xC5 */
            continue;
        if (mine && l->seq > f->seq && (!newest || l->seq > newest->seq))
            newest = l;
    }
    return newest;
}

bool verify_lock_is_mine(const struct verify_lock *l, const struct ev *e)
{
    return is_mine(l, e);
}

/* SPL-031. */
void verify_lock_thread_exit(struct verify *v, const struct ev *e)
{
    tab_for_each(const struct verify_lock, l, &v->locks)
    {
        if (l->thread == e->thread && e->thread)
            verify_raise(v, VERIFY_L04, STOP, CODE(0xc4, {0x100a, PARAM(l->lock), PARAM(e->obj), 0}), l->lock, NULL,
                "a thread ends and still owns a lock");
    }
}

/* SPL-023. */
void verify_lock_memory_gone(struct verify *v, struct range r, const void *caller)
{
    verify_order_memory_gone(v, r);
    tab_for_each(struct verify_lock, l, &v->locks)
    {
        if (!range_has(r, l->lock))
            continue;
        verify_raise(v, VERIFY_L11, STOP, CODE(0xc4, {0x100b, PARAM(l->lock), l->thread, 0}), l->lock, caller,
            "memory that contains a held lock is freed (taken on processor %u)", l->cpu);
        tab_remove(&v->locks, l);
    }
}
