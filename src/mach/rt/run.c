/* SPDX-License-Identifier: MIT */
/*
 * mach/rt/run.c - life of a real-time machine: boot, normal end, halt.
 *
 * mach_run() makes an interrupt thread per processor and the thread of main, and waits. Normal end: main and every other
 * context that is not a daemon have returned; then daemons end at their next park, then the interrupt threads; all
 * are joined. (Daemons stay for as long as anybody is awaited, who may need them: system worker threads, for example.)
 *
 * Halt: HALT is put into every processor's word and rt_halted is set before the caller of mach_run() is woken, so that
 * once it returns no thread gets through an entry into the machine any more. The threads are not ended: each one stops at its
 * next entry, holding what it holds, and what it does until then it does. Hence a process halts once: rt_life.running
 * stays set, and the next mach_run() says -EBUSY.
 */
#include "mach/rt/rt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/ev.h"

_Atomic bool rt_halted;

struct rt_life rt_life = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .changed = PTHREAD_COND_INITIALIZER,
    .alive = {&rt_life.alive, &rt_life.alive},
    .ended = {&rt_life.ended, &rt_life.ended},
};

static _Noreturn void stop(void)
{
    for (;;)
        pause();
}

void rt_stop_context(void)
{
    if (rt_self != &rt_nobody)
        stop();
}

void rt_die(const char *what)
{
    fprintf(stderr, "duetime: real-time machine: %s (processor %u, IRQL %u, context %u)\n", what, mach_cpu(),
        mach_irql(), mach_ctx_id(rt_self));
    abort();
}

void mach_halt(void)
{
    if (rt_self == &rt_nobody)
        rt_die("halted by a thread that is not a context");
    atomic_store(&rt_halted, true);
    for (unsigned i = 0; i < rt_cpu_count; i++)
        atomic_fetch_or(&rt_cpus[i].state, RT_HALT);
    pthread_mutex_lock(&rt_life.lock);
    pthread_cond_broadcast(&rt_life.changed);
    pthread_mutex_unlock(&rt_life.lock);
    stop();
}

/* Interlocked operations are frequent, and nobody asks when they were. */
static void stamp(struct ev *e)
{
    e->cpu = (uint8_t)mach_cpu();
    e->irql = (uint8_t)mach_irql();
    e->thread = mach_ctx_id(rt_self);
    e->time_ns = e->id == EV_MEM_ATOMIC ? 0 : mach_now();
}

/* ---- interrupt threads ---- */

/* Returns how many could be started. */
static unsigned start_intr_threads(void)
{
    unsigned n = 0;

    for (; n < rt_cpu_count; n++) {
        struct rt_cpu *p = &rt_cpus[n];
        if (pthread_create(&p->thread, NULL, rt_intr_main, p))
            break;
        pthread_mutex_lock(&rt_life.lock);
        rt_life.intr_count++;
        pthread_mutex_unlock(&rt_life.lock);
    }
    return n;
}

/* Returns true when the counter has come to 0, false when the machine was halted. */
static bool wait_for_none(const unsigned *count)
{
    bool halted;

    pthread_mutex_lock(&rt_life.lock);
    while (*count && !atomic_load(&rt_halted))
        pthread_cond_wait(&rt_life.changed, &rt_life.lock);
    halted = atomic_load(&rt_halted);
    pthread_mutex_unlock(&rt_life.lock);
    return !halted;
}

/* Returns false if one of them halts the machine at the last moment. */
static bool stop_intr_threads(unsigned started)
{
    atomic_store(&rt_life.intr_leave, true);
    for (unsigned i = 0; i < started; i++)
        rt_ring(&rt_cpus[i], 0);
    if (!wait_for_none(&rt_life.intr_count))
        return false;
    for (unsigned i = 0; i < started; i++)
        pthread_join(rt_cpus[i].thread, NULL);
    return true;
}

/* ---- the machine ---- */

static bool claim_process(void)
{
    bool was;

    pthread_mutex_lock(&rt_life.lock);
    was = rt_life.running;
    rt_life.running = true;
    pthread_mutex_unlock(&rt_life.lock);
    return !was;
}

static void release_process(void)
{
    pthread_mutex_lock(&rt_life.lock);
    rt_ctx_reap_locked(0);
    rt_life.running = false;
    pthread_mutex_unlock(&rt_life.lock);
}

static void boot(const struct mach_config *cfg, const struct mach_upcalls *up)
{
    rt_cpu_count = cfg->cpus;
    rt_upcalls = up;
    rt_life.next_id = 1;
    atomic_store(&rt_life.next_turn, 1);
    atomic_store(&rt_life.daemons_leave, false);
    atomic_store(&rt_life.intr_leave, false);
    for (unsigned i = 0; i < rt_cpu_count; i++)
        rt_intr_init(&rt_cpus[i]);
    rt_time_boot();
    ev_stamp = stamp;
}

static enum mach_result run_to_end(unsigned intr_threads)
{
    if (!wait_for_none(&rt_life.awaited))
        return MACH_HALTED;
    rt_ctx_daemons_leave();
    if (!wait_for_none(&rt_life.alive_count) || !stop_intr_threads(intr_threads))
        return MACH_HALTED;
    release_process();
    return MACH_DONE;
}

/* Also -EINVAL (number of processors), -EAGAIN (no more threads to be had). */
int mach_run(
    const struct mach_config *cfg, const struct mach_upcalls *up, void (*main)(void *), void *arg, void *main_user)
{
    struct mach_ctx_config first = {.fn = main, .arg = arg, .user = main_user, .priority = 8};

    if (cfg->cpus < 1 || cfg->cpus > MACH_CPUS_MAX)
        return -EINVAL;
    if (!claim_process())
        return -EBUSY;
    boot(cfg, up);
    unsigned started = start_intr_threads();
    if (started == rt_cpu_count && rt_ctx_start(&first, &rt_cpus[0], true))
        return (int)run_to_end(started);
    stop_intr_threads(started);
    release_process();
    return -EAGAIN;
}
