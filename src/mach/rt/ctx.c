/* SPDX-License-Identifier: MIT */
/*
 * mach/rt/ctx.c - contexts of the real-time machine: one thread of the host each; park and unpark.
 *
 * A context belongs to a processor (its home), given in turn within its affinity: that is the token it takes when it raises
 * IRQL to 2. Below 2 it runs whenever the host lets it. Priorities are ignored: the host's scheduler decides.
 *
 * The permit is a word of three values. Park exchanges a permit for none, or else none for PARKED and sleeps on the
 * word; unpark exchanges whatever is there for a permit, and wakes if that was PARKED. All are read-modify-writes
 * of one word, so that the permit is either seen by park or given to a sleeper that the futex call re-checks.
 *
 * A pointer to a context is good until its fn has returned. Its memory is kept for ENDED_KEPT further ends of
 * contexts before it serves a new one, and then is still a context: a late mach_unpark() costs a spurious permit at worst.
 *
 * Ended threads are joined, by who creates the next ones or at the end of mach_run(), so that nothing of the machine is
 * running when that returns normally.
 */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE
#endif
#include "mach/rt/rt.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENDED_KEPT      64u
#define CTX_STACK_BYTES (1024u * 1024)

enum permit { PERMIT_NONE, PERMIT_GIVEN, PERMIT_PARKED };

/* ---- placement ---- */

static struct rt_cpu *nth_cpu(uint64_t affinity, unsigned n)
{
    while (n--)
        affinity &= affinity - 1;
    return &rt_cpus[__builtin_ctzll(affinity)];
}

static uint64_t affinity_present(uint64_t affinity)
{
    uint64_t all = UINT64_MAX >> (64 - rt_cpu_count);

    affinity = affinity ? affinity & all : all;
    if (!affinity)
        rt_die("affinity without a processor of this machine");
    return affinity;
}

/* The counter starts at 1 with each machine: main is on processor 0 already. */
static struct rt_cpu *cpu_in_turn(uint64_t affinity)
{
    unsigned turn = atomic_fetch_add_explicit(&rt_life.next_turn, 1, memory_order_relaxed);

    return nth_cpu(affinity, turn % (unsigned)__builtin_popcountll(affinity));
}

/* Takes effect when the context next raises IRQL from below 2. */
void mach_ctx_affinity(struct mach_ctx *c, uint64_t affinity)
{
    struct rt_cpu *home = atomic_load_explicit(&c->home, memory_order_relaxed);

    rt_check_halt();
    affinity = affinity_present(affinity);
    if (!(affinity >> home->index & 1))
        atomic_store_explicit(&c->home, cpu_in_turn(affinity), memory_order_relaxed);
}

void mach_ctx_priority(struct mach_ctx *c, unsigned priority)
{
    (void)c;
    (void)priority;
}

struct mach_ctx *mach_ctx_self(void)
{
    return rt_self;
}

void *mach_ctx_user(void)
{
    return rt_self->user;
}

void mach_ctx_user_set(void *user)
{
    rt_self->user = user;
}

uint32_t mach_ctx_id(const struct mach_ctx *c)
{
    return c->id;
}

/* ---- life ---- */

static void ctx_ended(struct mach_ctx *c)
{
    pthread_mutex_lock(&rt_life.lock);
    list_del(&c->link);
    list_add_tail(&rt_life.ended, &c->link);
    rt_life.alive_count--;
    rt_life.ended_count++;
    rt_life.awaited -= !c->daemon;
    pthread_cond_broadcast(&rt_life.changed);
    pthread_mutex_unlock(&rt_life.lock);
}

static void *ctx_main(void *arg)
{
    struct mach_ctx *c = arg;
    char             name[16];

    rt_self = c;
    snprintf(name, sizeof name, "dt-ctx%u", c->id);
    pthread_setname_np(pthread_self(), name);
    if (!setjmp(c->leave))
        c->fn(c->arg);
    if (c->irql)
        rt_die("a context ended at raised IRQL");
    ctx_ended(c);
    return NULL;
}

void mach_ctx_exit(void)
{
    rt_check_halt();
    if (rt_self->attached)
        rt_die("a thread of the host's is ended by the machine");
    longjmp(rt_self->leave, 1);
}

/* The next one that has ended, joined; its thread has nothing more to do than to return. */
static struct mach_ctx *join_oldest_locked(void)
{
    struct mach_ctx *c = container_of(list_pop(&rt_life.ended), struct mach_ctx, link);

    rt_life.ended_count--;
    if (!c->attached)
        pthread_join(c->thread, NULL);
    return c;
}

void rt_ctx_reap_locked(unsigned left_max)
{
    while (rt_life.ended_count > left_max)
        free(join_oldest_locked());
}

static struct mach_ctx *ctx_memory_locked(void)
{
    struct mach_ctx *c;

    if (rt_life.ended_count > ENDED_KEPT)
        c = join_oldest_locked();
    else
        c = aligned_alloc(_Alignof(struct mach_ctx), sizeof *c);
    if (c)
        memset(c, 0, sizeof *c);
    return c;
}

static bool start_thread(struct mach_ctx *c, bool big_stack)
{
    pthread_attr_t attr;
    bool           ok;

    pthread_attr_init(&attr);
    if (!big_stack)
        pthread_attr_setstacksize(&attr, CTX_STACK_BYTES);
    ok = pthread_create(&c->thread, &attr, ctx_main, c) == 0;
    pthread_attr_destroy(&attr);
    return ok;
}

static void ctx_alive_locked(struct mach_ctx *c)
{
    list_add_tail(&rt_life.alive, &c->link);
    rt_life.alive_count++;
    rt_life.awaited += !c->daemon;
}

/* The lock is held across the creation of the thread: nobody can join it before its handle is written. */
static struct mach_ctx *ctx_start_locked(const struct mach_ctx_config *cfg, struct rt_cpu *home, bool big_stack)
{
    struct mach_ctx *c = ctx_memory_locked();

    if (!c)
        return NULL;
    c->fn = cfg->fn;
    c->arg = cfg->arg;
    c->user = cfg->user;
    c->daemon = cfg->daemon;
    c->id = rt_life.next_id;
    atomic_init(&c->home, home);
    if (!start_thread(c, big_stack)) {
        free(c);
        return NULL;
    }
    rt_life.next_id++;
    ctx_alive_locked(c);
    return c;
}

struct mach_ctx *rt_ctx_start(const struct mach_ctx_config *cfg, struct rt_cpu *home, bool big_stack)
{
    struct mach_ctx *c;

    if (!home)
        home = cpu_in_turn(affinity_present(cfg->affinity));
    pthread_mutex_lock(&rt_life.lock);
    c = ctx_start_locked(cfg, home, big_stack);
    pthread_mutex_unlock(&rt_life.lock);
    return c;
}

struct mach_ctx *mach_ctx_create(const struct mach_ctx_config *cfg)
{
    rt_check_halt();
    return rt_ctx_start(cfg, NULL, false);
}

/* ---- threads of the host ---- */

/* The lock orders it with the end of the machine: daemons are asked to leave when nobody is awaited any more. */
static int attach_locked(uint64_t affinity, struct mach_ctx **out)
{
    if (!rt_life.running || !rt_life.awaited || atomic_load(&rt_halted))
        return -ESRCH;
    struct mach_ctx *c = ctx_memory_locked();

    if (!c)
        return -ENOMEM;
    c->attached = true;
    c->thread = pthread_self();
    c->id = rt_life.next_id++;
    atomic_init(&c->home, cpu_in_turn(affinity_present(affinity)));
    ctx_alive_locked(c);
    *out = c;
    return 0;
}

int mach_ctx_attach(uint64_t affinity)
{
    struct mach_ctx *c;
    int              e;

    if (rt_self != &rt_nobody)
        return -EBUSY;
    pthread_mutex_lock(&rt_life.lock);
    e = attach_locked(affinity, &c);
    pthread_mutex_unlock(&rt_life.lock);
    if (e == 0)
        rt_self = c;
    return e;
}

void mach_ctx_detach(void)
{
    struct mach_ctx *c = rt_self;

    rt_check_halt();
    if (!c->attached || c->irql)
        rt_die("detached at raised IRQL, or a context that was not attached");
    rt_self = &rt_nobody;
    ctx_ended(c);
}

/* ---- park ---- */

/* Only the thread itself takes permits away, so that a permit once seen stays. */
static void wait_for_permit(struct mach_ctx *c, mach_ns due)
{
    uint32_t none = PERMIT_NONE;

    if (atomic_compare_exchange_strong_explicit(
            &c->permit, &none, PERMIT_PARKED, memory_order_acquire, memory_order_acquire)) {
        while (atomic_load_explicit(&c->permit, memory_order_acquire) == PERMIT_PARKED &&
               (due == MACH_NEVER || mach_now() < due))
            rt_futex_wait(&c->permit, PERMIT_PARKED, due);
    }
    atomic_exchange_explicit(&c->permit, PERMIT_NONE, memory_order_acquire);
}

static void leave_if_asked(struct mach_ctx *c)
{
    if (c->daemon && atomic_load_explicit(&rt_life.daemons_leave, memory_order_acquire)) {
        c->irql = 0;
        longjmp(c->leave, 1);
    }
}

/* Asked before (a daemon that was not yet parked when they were all woken) and after. */
void rt_ctx_park_until(mach_ns due)
{
    struct mach_ctx *c = rt_self;

    rt_check_halt();
    if (rt_unlikely(c->irql >= 2))
        rt_die("parked at IRQL >= 2");
    leave_if_asked(c);
    wait_for_permit(c, due);
    rt_check_halt();
    leave_if_asked(c);
}

void mach_park(void)
{
    rt_ctx_park_until(MACH_NEVER);
}

static void give_permit(struct mach_ctx *c)
{
    if (atomic_exchange_explicit(&c->permit, PERMIT_GIVEN, memory_order_acq_rel) == PERMIT_PARKED)
        rt_futex_wake(&c->permit, 1);
}

void mach_unpark(struct mach_ctx *c)
{
    rt_check_halt();
    give_permit(c);
}

void rt_ctx_daemons_leave(void)
{
    struct list *pos, *head = &rt_life.alive;

    pthread_mutex_lock(&rt_life.lock);
    atomic_store_explicit(&rt_life.daemons_leave, true, memory_order_release);
    for (pos = head->next; pos != head; pos = pos->next)
        give_permit(container_of(pos, struct mach_ctx, link));
    pthread_mutex_unlock(&rt_life.lock);
}

/* Whether somebody else ran is not known: always true. */
bool mach_yield(void)
{
    rt_check_halt();
    sched_yield();
    return true;
}

/* Interrupts run on the stacks of those they interrupt; a processor without a context of its own has a thread too. */
void mach_stack_limits(uintptr_t *low, uintptr_t *high)
{
    pthread_attr_t attr;
    void          *start;
    size_t         bytes;

    *low = *high = (uintptr_t)__builtin_frame_address(0);
    if (pthread_getattr_np(pthread_self(), &attr) != 0)
        return;
    if (pthread_attr_getstack(&attr, &start, &bytes) == 0) {
        *low = (uintptr_t)start;
        *high = *low + bytes;
    }
    pthread_attr_destroy(&attr);
}
