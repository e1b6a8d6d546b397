/* SPDX-License-Identifier: MIT */
/*
 * observe/verify_lock.c - locks that are held: DT-L01, L02, L04, L11. The kernel itself stops a recursive acquire of a
 * spin lock (0xF) and the release of a free one (0x10) before any event tells of it; what is here sees the other
 * kinds of exclusive locks, and locks that a routine, thread or block of memory leaves behind.
 */
#include "observe/verify_state.h"

static bool is_spin(uint64_t kind)
{
    return kind <= EV_LOCK_CANCEL;
}

static bool is_exclusive(uint64_t kind)
{
    return kind <= EV_LOCK_FAST_MUTEX;
}

/* TDP-015. At PASSIVE_LEVEL the call is outside its IRQL range; this is the other mode, in which it happens to work. */
static void check_threaded(struct verify *v, const struct ev *e, unsigned code)
{
    const struct verify_frame *f = verify_frame_top_dpc(v, e);

    if (f && f->threaded && (e->a == EV_LOCK_SPIN_AT_DPC || e->a == EV_LOCK_QUEUED_AT_DPC))
        verify_raise(v, VERIFY_D13, STOP, CODE(0xc4, {code, e->irql, PARAM(e->obj), 0}), e->obj, f->routine,
            "a threaded DPC %s a spin lock as if it always ran at DISPATCH_LEVEL", code == 0x40 ? "takes" : "releases");
}

void verify_lock_acquire(struct verify *v, const struct ev *e)
{
    struct verify_lock *l;

    verify_frame_touches(v, e);
    check_threaded(v, e, 0x40);
    if (!is_exclusive(e->a))
        return;
    l = tab_get(&v->locks, e->obj);
    if (!l)
        return;
    if (l->seq && is_spin(e->a)) /* SPL-019 */
        verify_raise(v, VERIFY_L01, STOP, CODE(0xf, {PARAM(l->key), 0, 0, 0}), l->key, NULL,
            "a spin lock is acquired that is already owned by processor %u", l->cpu);
    else if (l->seq) /* LCK-007 */
        verify_raise(v, VERIFY_L01, STOP, CODE(0xc4, {0x1000, PARAM(l->key), 0, 0}), l->key, NULL,
            "a fast mutex is acquired that is already owned by thread %u", l->thread);
    *l =
        (struct verify_lock){.key = e->obj, .thread = e->thread, .cpu = e->cpu, .kind = (uint8_t)e->a, .seq = ++v->seq};
}

void verify_lock_release(struct verify *v, const struct ev *e)
{
    struct verify_lock *l;

    verify_frame_touches(v, e);
    check_threaded(v, e, 0x41);
    verify_frame_handed_off(v, e);
    if (!is_exclusive(e->a))
        return;
    l = tab_find(&v->locks, e->obj);
    if (l)
        tab_remove(&v->locks, l);
    else if (is_spin(e->a)) /* SPL-021 */
        verify_raise(v, VERIFY_L02, STOP, CODE(0x10, {PARAM(e->obj), 0, 0, 0}), e->obj, NULL,
            "a spin lock is released that nobody holds");
    else
        verify_raise(v, VERIFY_L02, STOP, CODE(0xc4, {0x1007, PARAM(e->obj), 0, 0}), e->obj, NULL,
            "a fast mutex is released that nobody holds");
}

/* SPL-020: the owner's own processor spins, so nobody is left who could release it. */
void verify_lock_spun(struct verify *v, const struct ev *e)
{
    const struct verify_lock *l = tab_find(&v->locks, e->obj);

    if (l && is_spin(l->kind) && l->cpu == e->cpu)
        verify_raise(v, VERIFY_L01, STOP, CODE(0xf, {PARAM(l->key), 0, 0, 0}), l->key, NULL,
            "processor %u spins for a lock that it owns itself", e->cpu);
}

const struct verify_lock *verify_lock_held_since(struct verify *v, const struct verify_frame *f)
{
    const struct verify_lock *newest = NULL;

    tab_for_each(const struct verify_lock, l, &v->locks)
    {
        bool mine = f->on_cpu ? is_spin(l->kind) && l->cpu == f->cpu : l->thread == f->thread && f->thread != 0;

        if (mine && l->seq > f->seq && (!newest || l->seq > newest->seq))
            newest = l;
    }
    return newest;
}

const struct verify_lock *verify_lock_spin_held_here(struct verify *v, const struct ev *e)
{
    tab_for_each(const struct verify_lock, l, &v->locks)
    {
        if (is_spin(l->kind) && l->cpu == e->cpu)
            return l;
    }
    return NULL;
}

/* SPL-031. */
void verify_lock_thread_exit(struct verify *v, const struct ev *e)
{
    tab_for_each(const struct verify_lock, l, &v->locks)
    {
        if (l->thread == e->thread && e->thread)
            verify_raise(v, VERIFY_L04, STOP, CODE(0xc4, {0x100a, PARAM(l->key), PARAM(e->obj), 0}), l->key, NULL,
                "a thread ends and still owns a lock");
    }
}

/* SPL-023. */
void verify_lock_memory_gone(struct verify *v, struct range r, const void *caller)
{
    tab_for_each(struct verify_lock, l, &v->locks)
    {
        if (!range_has(r, l->key))
            continue;
        verify_raise(v, VERIFY_L11, STOP, CODE(0xc4, {0x100b, PARAM(l->key), l->thread, 0}), l->key, caller,
            "memory that contains a held lock is freed (taken on processor %u)", l->cpu);
        tab_remove(&v->locks, l);
    }
}
