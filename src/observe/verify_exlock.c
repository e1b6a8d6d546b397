/* SPDX-License-Identifier: MIT */
/*
 * observe/verify_exlock.c - resources, push locks and fast mutexes that a routine, a thread or a block of memory leaves
 * behind (DT-L04, DT-L11), fast mutexes released in the wrong order (DT-L12), and removal that is waited for in the dispatch
 * routine of another request (DT-L15).
 *
 * An observer of its own: these locks belong to threads and may be shared and recursive, so a hold is kept by lock and
 * thread. A hold knows how deep in the driver's routines its thread was when it began; the routine that returns to that
 * depth should not leave it behind. A resource that was handed to an owner pointer belongs to no thread any more, and its
 * hold ends with that.
 *
 * Locking: one spin lock around each event; a finding goes out when it is let go, since a STOP may not return.
 */
#include "observe/verify_exlock.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/ev.h"
#include "base/ev_exlock.h"
#include "base/finding.h"
#include "base/spin.h"
#include "observe/tab.h"

#define DEVICE_BYTES 0x150u /* sizeof(DEVICE_OBJECT) on x64 */
#define FAST_MUTEX   0u     /* beside enum ev_exlock_kind */

enum { MJ_PNP = 0x1b, MN_REMOVE_DEVICE = 2 };

struct hold {
    const void *key; /* lock and thread */
    const void *lock;
    uint32_t    thread, seq, depth;
    uint8_t     kind, old_irql;
};

struct live {
    const void *key; /* ERESOURCE */
};

struct depth {
    const void *key; /* thread */
    uint32_t    depth;
    bool        remove_sent; /* the request that it sent last was IRP_MN_REMOVE_DEVICE */
    /* by depth, up to 64 */
    uint64_t dispatch; /* routines that are dispatch routines, and */
    uint64_t remove;   /* ... of IRP_MN_REMOVE_DEVICE */
};

static struct {
    bool           installed, one_thread, found;
    struct tab     holds, resources, depths;
    uint32_t       seq;
    struct finding finding;
} state;

static struct spin state_lock = SPIN_INIT;

#define LENIENT UINT32_MAX /* in place of a bug check code: a warning */

/* The first one of an event counts: it is about the lock taken last, or is the only one. */
static __attribute__((format(printf, 5, 6))) void stop(
    const char *rule, uint32_t bugcheck, const uint64_t p[4], const void *object, const char *fmt, ...)
{
    va_list ap;

    if (state.found)
        return;
    state.found = true;
    state.finding = (struct finding){.severity = bugcheck == LENIENT ? FINDING_WARNING : FINDING_STOP,
        .rule = rule,
        .bugcheck = bugcheck == LENIENT ? 0 : bugcheck,
        .param = {p[0], p[1], p[2], p[3]},
        .object = object};
    va_start(ap, fmt);
    vsnprintf(state.finding.what, sizeof state.finding.what, fmt, ap);
    va_end(ap);
}

#define PARAMS(...) ((const uint64_t[4]){__VA_ARGS__})

static bool is_in(const void *p, const void *start, uint64_t bytes)
{
    return (uintptr_t)p - (uintptr_t)start < bytes;
}

static const char *name_of(unsigned kind)
{
    switch (kind) {
    case FAST_MUTEX:
        return "fast mutex";
    case EV_EXLOCK_PUSH_EXCLUSIVE:
    case EV_EXLOCK_PUSH_SHARED:
        return "push lock";
    default:
        return "resource";
    }
}

/* ---- holds ---- */

/* Addresses have 47 bits. */
static const void *key_of(const struct ev *e)
{
    return (const void *)((uintptr_t)e->obj ^ (uintptr_t)e->thread << 47);
}

static struct depth *depth_of(const struct ev *e)
{
    return tab_get(&state.depths, (const void *)((uintptr_t)(e->thread + 1) << 3));
}

/* False: not an event about a lock that is watched here. */
static bool kind_of(const struct ev *e, uint8_t *kind)
{
    if (e->a == EV_LOCK_FAST_MUTEX) {
        *kind = FAST_MUTEX;
        return e->c & 1;
    }
    *kind = (uint8_t)ev_exlock_kind(e->c);
    return e->a == EV_LOCK_OTHER && *kind >= EV_EXLOCK_RESOURCE_EXCLUSIVE && *kind <= EV_EXLOCK_PUSH_SHARED;
}

static void on_acquire(const struct ev *e)
{
    uint8_t             kind;
    struct hold        *h;
    const struct depth *d;

    if (!kind_of(e, &kind))
        return;
    h = tab_get(&state.holds, key_of(e));
    if (!h)
        return;
    d = depth_of(e);
    if (!h->lock)
        *h = (struct hold){.key = h->key,
            .lock = e->obj,
            .thread = e->thread,
            .seq = ++state.seq,
            .depth = d ? d->depth : 0,
            .old_irql = (uint8_t)e->b};
    h->kind = kind;
}

/* LCK-009: who releases in another order than the reverse one restores a level that is too low for what is still held. */
static void check_order(const struct hold *h)
{
    tab_for_each(const struct hold, other, &state.holds)
    {
        if (other->kind == FAST_MUTEX && other->thread == h->thread && other->seq > h->seq &&
            other->old_irql > h->old_irql)
            stop("DT-L12", 0xC4, PARAMS(0x1003, (uintptr_t)h->lock, (uintptr_t)other->lock, 0), h->lock,
                "a fast mutex is released before another one that was acquired after it: IRQL falls to %u too early",
                h->old_irql);
    }
}

/* LCK-080. Outside of dispatch routines (Unload, a thread that removal is left to) there is nothing to say. */
static void check_removal(const struct ev *e)
{
    const struct depth *d = depth_of(e);

    if (e->a == EV_LOCK_OTHER && e->c == ev_exlock(EV_EXLOCK_REMOVE, 1) && d && d->dispatch && !d->remove)
        stop("DT-L15", LENIENT, PARAMS((uintptr_t)e->obj, 0, 0, 0), e->obj,
            "IoReleaseRemoveLockAndWait is called while a request other than IRP_MN_REMOVE_DEVICE is handled");
}

static void on_release(const struct ev *e)
{
    uint8_t      kind;
    struct hold *h;

    check_removal(e);
    if (!kind_of(e, &kind))
        return;
    h = tab_find(&state.holds, key_of(e));
    if (!h)
        return;
    h->kind = kind; /* a conversion */
    if (kind == FAST_MUTEX)
        check_order(h);
    if (kind == FAST_MUTEX || ev_exlock_count(e->c) == 0)
        tab_remove(&state.holds, h);
}

/* ---- what is left behind ---- */

/* LCK-044, LCK-054. */
static void on_thread_exit(const struct ev *e)
{
    tab_for_each(const struct hold, h, &state.holds)
    {
        if (h->thread != e->thread || h->kind == FAST_MUTEX)
            continue;
        if (h->kind == EV_EXLOCK_PUSH_EXCLUSIVE || h->kind == EV_EXLOCK_PUSH_SHARED)
            stop("DT-L04", 0x153, PARAMS((uintptr_t)e->obj, (uintptr_t)h->lock, 1, 0), h->lock,
                "a thread ends and still owns a push lock");
        else
            stop("DT-L04", 0xC4, PARAMS(0x100a, (uintptr_t)h->lock, (uintptr_t)e->obj, 0), h->lock,
                "a thread ends and still owns a resource");
    }
}

static void on_irp_send(const struct ev *e)
{
    struct depth *d = depth_of(e);

    if (d)
        d->remove_sent = e->a == MJ_PNP && e->c == MN_REMOVE_DEVICE;
}

static void on_driver_enter(const struct ev *e)
{
    struct depth *d = depth_of(e);

    if (!d)
        return;
    uint64_t bit = d->depth < 64 && e->a == EV_ROLE_DISPATCH ? 1ull << d->depth : 0;

    d->dispatch |= bit;
    d->remove |= d->remove_sent ? bit : 0;
    d->depth++;
}

/* LCK-045. */
static void on_driver_leave(const struct ev *e)
{
    struct depth *d = depth_of(e);

    if (!d || d->depth == 0)
        return;
    tab_for_each(const struct hold, h, &state.holds)
    {
        if (h->thread == e->thread && h->depth == d->depth && h->kind == EV_EXLOCK_RESOURCE_EXCLUSIVE)
            stop("DT-L04", 0, PARAMS((uintptr_t)h->lock, (uintptr_t)e->obj, 0, 0), h->lock,
                "a routine of the driver returned and still owns a resource exclusively that it had acquired");
    }
    d->depth--;
    if (d->depth < 64) {
        d->dispatch &= ~(1ull << d->depth);
        d->remove &= ~(1ull << d->depth);
    }
}

/* LCK-022, LCK-023. */
static void memory_gone(const void *start, uint64_t bytes)
{
    tab_for_each(struct live, r, &state.resources)
    {
        if (!is_in(r->key, start, bytes))
            continue;
        stop("DT-L11", 0xC4, PARAMS(0xd2, (uintptr_t)r->key, (uintptr_t)start, bytes), r->key,
            "memory that contains a resource is freed before ExDeleteResourceLite");
        tab_remove(&state.resources, r);
    }
    tab_for_each(struct hold, h, &state.holds)
    {
        if (!is_in(h->lock, start, bytes) || h->kind == FAST_MUTEX) /* fast mutexes: verify_lock.c */
            continue;
        stop("DT-L11", 0xC4, PARAMS(0x100b, (uintptr_t)h->lock, h->thread, 0), h->lock,
            "memory that contains a held %s is freed", name_of(h->kind));
        tab_remove(&state.holds, h);
    }
}

static void on_pool_free(const struct ev *e)
{
    memory_gone(e->obj, e->a);
}

static void on_device_delete(const struct ev *e)
{
    memory_gone(e->obj, DEVICE_BYTES);
    if (e->c)
        memory_gone((const void *)e->b, e->c);
}

static void on_init(const struct ev *e)
{
    struct live *r;

    if (e->a != EV_LOCK_OTHER || e->b != EV_EXLOCK_RESOURCE_EXCLUSIVE)
        return;
    r = tab_get(&state.resources, e->obj);
    if (r && e->c)
        tab_remove(&state.resources, r);
}

/* ---- the observer ---- */

typedef void handler_fn(const struct ev *e);

static handler_fn *const handlers[EV_COUNT] = {
    [EV_LOCK_INIT] = on_init,
    [EV_LOCK_ACQUIRE] = on_acquire,
    [EV_LOCK_RELEASE] = on_release,
    [EV_THREAD_EXIT] = on_thread_exit,
    [EV_IRP_SEND] = on_irp_send,
    [EV_DRIVER_ENTER] = on_driver_enter,
    [EV_DRIVER_LEAVE] = on_driver_leave,
    [EV_POOL_FREE] = on_pool_free,
    [EV_DEVICE_DELETE] = on_device_delete,
};

/* Most lock events are about spin locks, which are not watched here: no lock for them. */
static bool is_spin_lock(const struct ev *e)
{
    return (e->id == EV_LOCK_ACQUIRE || e->id == EV_LOCK_RELEASE || e->id == EV_LOCK_INIT) && ev_lock_spins(e->a);
}

static void on_event(struct ev_observer *self, const struct ev *e)
{
    struct finding f;
    bool           found;

    (void)self;
    if (is_spin_lock(e))
        return;
    if (!state.one_thread)
        spin_lock(&state_lock);
    state.found = false;
    handlers[e->id](e);
    found = state.found;
    if (__builtin_expect(found, 0))
        f = state.finding;
    if (!state.one_thread)
        spin_unlock(&state_lock);
    if (__builtin_expect(found, 0))
        finding_raise(&f);
}

static struct ev_observer observer = {.on = on_event};

void verify_exlock_remove(void)
{
    if (!state.installed)
        return;
    ev_unsubscribe(&observer);
    tab_close(&state.holds);
    tab_close(&state.resources);
    tab_close(&state.depths);
    state.installed = false;
}

int verify_exlock_install(bool one_thread)
{
    verify_exlock_remove();
    state.one_thread = one_thread;
    observer.mask = 0;
    for (unsigned id = 0; id < EV_COUNT; id++)
        if (handlers[id])
            observer.mask |= EV_BIT(id);
    state.installed = true;
    ev_subscribe(&observer);
    if (tab_open(&state.holds, sizeof(struct hold), 256) && tab_open(&state.resources, sizeof(struct live), 64) &&
        tab_open(&state.depths, sizeof(struct depth), 64)) {
        verify_exlock_reset();
        return 0;
    }
    verify_exlock_remove();
    return -ENOMEM;
}

void verify_exlock_reset(void)
{
    tab_reset(&state.holds);
    tab_reset(&state.resources);
    tab_reset(&state.depths);
    state.seq = 0;
    state.found = false;
}
