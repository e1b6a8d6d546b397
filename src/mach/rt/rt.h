/* SPDX-License-Identifier: MIT */
/* mach/rt/rt.h - what the files of the real-time machine share. Theory: cpu.c (token), intr.c (interrupt thread), ctx.c. */
#pragma once

#include <pthread.h>
#include <setjmp.h>
#include <stdatomic.h>

#include "base/list.h"
#include "mach/mach.h"

#define RT_CACHE_LINE 64

/* rt_cpu.state: a pending line is the bit of its number; the others are these. */
#define RT_LINES  0x0000fffcu
#define RT_HELD   0x00010000u /* a thread holds the token */
#define RT_WAIT   0x00020000u /* a thread may sleep until the token is free */
#define RT_HALT   0x00040000u /* whoever comes by stops for good */
#define RT_NOBODY 0x00080000u /* not a processor: what threads that are not contexts are assigned to */

#define RT_LINES_ABOVE(irql) (RT_LINES & ~((2u << (irql)) - 1))

#define rt_likely(x)   __builtin_expect(!!(x), 1)
#define rt_unlikely(x) __builtin_expect(!!(x), 0)

struct rt_cpu;

/* A thread of the machine: a context, or the interrupt thread of a processor (id 0). */
struct mach_ctx {
    /* own thread only */
    unsigned       irql;
    unsigned       interrupted; /* 1 + IRQL of what the innermost interrupt interrupted; 0 = no interrupt */
    bool           is_idle;
    struct rt_cpu *held; /* whose token this thread holds; valid at IRQL >= 2 */
    unsigned       relax_turns;
    const void    *relax_obj;

    /* any thread */
    _Alignas(RT_CACHE_LINE) _Atomic(struct rt_cpu *) home; /* where its next raise to IRQL >= 2 goes */
    _Atomic uint32_t permit;                               /* enum permit in ctx.c; a futex */
    _Atomic bool     apc;                                  /* line 1 is pending */

    /* constant while it lives */
    uint32_t id;
    bool     daemon;
    bool     attached; /* the thread is the host's: not joined */
    void    *user;
    void (*fn)(void *);
    void     *arg;
    pthread_t thread;
    jmp_buf   leave; /* where a context ends that does not return */

    struct list link; /* rt_life.lock: on rt_life.alive or on rt_life.ended */
};

struct rt_cpu {
    _Alignas(2 * RT_CACHE_LINE) _Atomic uint32_t state; /* token and lines; a futex for those who wait for the token */
    uint32_t own_lines;                                 /* the token protects: lines that the holder raised */
    unsigned index;

    /* written by those who arm the clock or ring, and by the interrupt thread */
    _Alignas(RT_CACHE_LINE) _Atomic mach_ns due; /* clock compare */
    _Atomic mach_ns  sleep_until;                /* what the interrupt thread waits for; 0 = it is awake */
    _Atomic uint32_t bell;                       /* the futex that it sleeps on */

    pthread_t       thread;
    struct mach_ctx idle; /* the interrupt thread's context */
};

extern struct rt_cpu              rt_cpus[MACH_CPUS_MAX];
extern unsigned                   rt_cpu_count;
extern struct rt_cpu              rt_no_cpu;
extern struct mach_ctx            rt_nobody;
extern const struct mach_upcalls *rt_upcalls;
extern _Atomic bool               rt_halted;

/* A thread that the machine did not make has a context too, but no processor: it may ask, not raise IRQL. */
extern __thread struct mach_ctx *rt_self __attribute__((tls_model("initial-exec")));

/* ---- run.c ---- */

/* rt_life.lock protects all of it; the two flags may be read without. */
struct rt_life {
    pthread_mutex_t  lock;
    pthread_cond_t   changed;
    struct list      alive, ended; /* contexts; the ended ones wait to be joined, oldest first */
    unsigned         alive_count, ended_count;
    unsigned         awaited;    /* alive and not daemons */
    unsigned         intr_count; /* interrupt threads that have not finished */
    uint32_t         next_id;
    bool             running;
    _Atomic unsigned next_turn; /* which processor a new context gets */
    _Atomic bool     daemons_leave, intr_leave;
};

extern struct rt_life rt_life;

/* A context never runs again; its stack and its locks stay as they are. Threads that are not contexts return. */
void rt_stop_context(void);

/* An error of ours or of the kernel's: says what and aborts the process. */
_Noreturn void rt_die(const char *what);

/* At the entries that have no other word to look at. The host's threads pass, so that they can still ask and report. */
static inline void rt_check_halt(void)
{
    if (rt_unlikely(atomic_load_explicit(&rt_halted, memory_order_relaxed)))
        rt_stop_context();
}

/* ---- cpu.c ---- */

/* Takes pending lines above the floor. The caller holds the token of p. */
void rt_take_lines(struct mach_ctx *c, struct rt_cpu *p, unsigned floor);

/* Takes the token if lines are pending that nobody is bound to take. */
bool rt_token_take_for_lines(struct mach_ctx *c, struct rt_cpu *p);

/* Takes all lines and gives the token back, with none pending. Leaves c at the IRQL given, which is below 2. */
void rt_token_release_slow(struct mach_ctx *c, struct rt_cpu *p, unsigned irql);

/* ---- intr.c ---- */

void  rt_intr_init(struct rt_cpu *p);
void *rt_intr_main(void *cpu);

/* Wakes the interrupt thread of p if it would sleep beyond the instant due (0: if it sleeps at all). What it is to see must
 * have been written with a sequentially consistent operation before. */
void rt_ring(struct rt_cpu *p, mach_ns due);

/* ---- ctx.c ---- */

/* As mach_ctx_create(); home NULL: the next processor in turn. */
struct mach_ctx *rt_ctx_start(const struct mach_ctx_config *cfg, struct rt_cpu *home, bool big_stack);

/* Joins and frees ended contexts until at most that many are left. rt_life.lock is held. */
void rt_ctx_reap_locked(unsigned left_max);

/* mach_park() that ends at that instant too, without a permit. */
void rt_ctx_park_until(mach_ns due);

/* Wakes every daemon, which ends where it is parked; whoever parks later ends by itself. */
void rt_ctx_daemons_leave(void);

/* ---- time.c ---- */

void rt_time_boot(void);

/* Host's CLOCK_MONOTONIC for an instant of the machine; saturates. */
mach_ns rt_host_ns(mach_ns t);

/* ---- futex.c ---- */

/* Returns when woken, when *word is not the value, at the instant due, or for no reason: callers loop. */
void rt_futex_wait(_Atomic uint32_t *word, uint32_t value, mach_ns due);
void rt_futex_wake(_Atomic uint32_t *word, int count);
