/* SPDX-License-Identifier: MIT */
/*
 * mach/rt/intr.c - the interrupt thread of a processor, and its clock compare.
 *
 * The thread waits for two things: lines that are pending while nobody holds the token (cpu.c: otherwise the holder is
 * bound to take them, and the thread does not wait for the token) and its clock compare. When the compare is due it
 * raises the clock line like anybody else and takes the token if that is free. It sleeps on the futex `bell` until the
 * absolute instant that it publishes in sleep_until; an idle processor whose compare is off sleeps without end.
 *
 * Whoever changes what the thread would look at rings, but a system call is made only if the thread sleeps beyond the
 * instant that matters (0 for a line). No ring is lost:
 *
 *     who changes something                        the interrupt thread
 *     A1  state |= line, or due = d   (seq_cst)    B1  b = bell
 *     A2  read sleep_until            (seq_cst)    B2  sleep_until = due as seen   (seq_cst)
 *     if that is later than d:                     B3  read state, due             (seq_cst)
 *     A3  sleep_until = 0                          if they have not changed:
 *     A4  bell += 1, wake                          B4  futex wait while bell == b
 *
 * A1-A2 and B2-B3 are Dekker's pair: either A2 sees the value of B2 and rings, or B3 sees the change of A1. In the first case
 * the bell moves after B1 (A2 read what B2 wrote, B1 is before B2), so B4 returns at once or is woken. If A2 sees 0 instead,
 * the thread has yet to pass B2, or another ringer is between A3 and A4: then B4 returns because of that one, whose
 * A4 is still to come, and the thread looks at everything again. An earlier due time in sleep_until needs no ring: the
 * thread wakes at that instant, finds the compare later, and sleeps again. So setting a timer that is not the
 * next one to wake for, or moving it later, costs an exchange and a load.
 *
 * The compare is consumed by a compare-and-exchange from the value that was found due, so that a later mach_clock_arm() is
 * never swallowed by an earlier expiration. Never early: the line is raised after mach_now() was seen at or past the due time.
 */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE
#endif
#include "mach/rt/rt.h"

#include <stdio.h>
#include <sys/prctl.h>

void rt_ring(struct rt_cpu *p, mach_ns due)
{
    if (atomic_load_explicit(&p->sleep_until, memory_order_seq_cst) <= due)
        return;
    atomic_store_explicit(&p->sleep_until, 0, memory_order_seq_cst);
    atomic_fetch_add_explicit(&p->bell, 1, memory_order_release);
    rt_futex_wake(&p->bell, 1);
}

/* A due time that has passed becomes a line at once if the thread would have to be woken for it. */
void mach_clock_arm(unsigned cpu, mach_ns due)
{
    struct rt_cpu *p = &rt_cpus[cpu];

    rt_check_halt();
    if (due < atomic_load_explicit(&p->sleep_until, memory_order_relaxed) && due <= mach_now()) {
        atomic_store_explicit(&p->due, MACH_NEVER, memory_order_seq_cst);
        mach_line_raise(cpu, MACH_LINE_CLOCK);
        return;
    }
    atomic_store_explicit(&p->due, due, memory_order_seq_cst);
    rt_ring(p, due);
}

/* Turns a compare that is due into a pending line. */
static void check_clock(struct rt_cpu *p)
{
    mach_ns due = atomic_load_explicit(&p->due, memory_order_relaxed);

    if (due == MACH_NEVER || due > mach_now())
        return;
    if (atomic_compare_exchange_strong_explicit(&p->due, &due, MACH_NEVER, memory_order_acq_rel, memory_order_relaxed))
        atomic_fetch_or_explicit(&p->state, 1u << MACH_LINE_CLOCK, memory_order_acq_rel);
}

/* Something changed since due was read, or there is something that only the interrupt thread can do. */
static bool must_look(struct rt_cpu *p, mach_ns due)
{
    uint32_t state = atomic_load_explicit(&p->state, memory_order_seq_cst);

    return ((state & RT_LINES) && !(state & RT_HELD)) || (state & RT_HALT) ||
           atomic_load_explicit(&p->due, memory_order_seq_cst) < due ||
           atomic_load_explicit(&rt_life.intr_leave, memory_order_seq_cst);
}

/* Until there is a reason to look; may return without one. B1 to B4 of the theory above. */
static void doze(struct rt_cpu *p)
{
    uint32_t bell = atomic_load_explicit(&p->bell, memory_order_acquire);
    mach_ns  due = atomic_load_explicit(&p->due, memory_order_relaxed);

    atomic_store_explicit(&p->sleep_until, due ? due : 1, memory_order_seq_cst);
    if (!must_look(p, due))
        rt_futex_wait(&p->bell, bell, due);
    atomic_store_explicit(&p->sleep_until, 0, memory_order_relaxed);
}

void rt_intr_init(struct rt_cpu *p)
{
    p->own_lines = 0;
    p->index = (unsigned)(p - rt_cpus);
    atomic_store(&p->state, 0);
    atomic_store(&p->due, MACH_NEVER);
    atomic_store(&p->sleep_until, 0);
    atomic_store(&p->bell, 0);
    p->idle = (struct mach_ctx){.is_idle = true, .home = p};
}

static void finish(void)
{
    pthread_mutex_lock(&rt_life.lock);
    rt_life.intr_count--;
    pthread_cond_broadcast(&rt_life.changed);
    pthread_mutex_unlock(&rt_life.lock);
}

/* The host may put off a time-out by its timer slack, 50 us by default: this thread asks for the least. */
void *rt_intr_main(void *cpu)
{
    struct rt_cpu *p = cpu;
    char           name[16];

    rt_self = &p->idle;
    snprintf(name, sizeof name, "dt-intr%u", p->index);
    pthread_setname_np(pthread_self(), name);
    prctl(PR_SET_TIMERSLACK, 1ul);
    while (!atomic_load_explicit(&rt_life.intr_leave, memory_order_acquire)) {
        rt_check_halt();
        check_clock(p);
        if (rt_token_take_for_lines(&p->idle, p))
            rt_token_release_slow(&p->idle, p, 0);
        else
            doze(p);
    }
    finish();
    return NULL;
}
