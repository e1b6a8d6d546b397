/* SPDX-License-Identifier: MIT */
/*
 * mach/mach.h - the machine under the kernel: processors, contexts, a clock. Implemented twice, by mach/sim
 * (coroutines, virtual time, choices) and mach/rt (threads, host clock); chosen when the library is linked.
 *
 * The cut is at hardware. A processor has an IRQL, pending interrupt lines and a one-shot clock compare; a
 * context can park and be unparked. Wait lists, DPC queues and timer queues are the kernel's. A line's number
 * is its IRQL; an interrupt is an upcall at that IRQL, nested on the interrupted stack, made at a point or
 * when IRQL drops below the line.
 *
 * Words used in contracts: "IRQL < 2", "any IRQL" speak of the calling processor. "Point: yes" means that
 * another processor, the clock or an interrupt may run inside the call; "no" means that it never does.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/choice.h"
#include "base/units.h"

#define MACH_CPUS_MAX 64u

/* 3 to 12 are the devices'. */
enum mach_line { MACH_LINE_APC = 1, MACH_LINE_DPC = 2, MACH_LINE_CLOCK = 13, MACH_LINE_IPI = 14 };

/* Why a point is there; a point level admits all kinds up to its own. */
enum mach_point {
    MACH_POINT_DDI,    /* a DDI is entered or left, a DPC begins, a lock is about to be taken */
    MACH_POINT_ATOMIC, /* interlocked operation, barrier, register access */
    MACH_POINT_MEMORY, /* plain memory access of an instrumented driver */
};

enum mach_result {
    MACH_DONE,       /* main returned */
    MACH_HALTED,     /* mach_halt(): bug check or finding */
    MACH_DEADLOCK,   /* nothing can move, nothing is due */
    MACH_LIVELOCK,   /* processors only spin and nothing is due */
    MACH_STEP_LIMIT, /* more choices than allowed */
    MACH_TIME_LIMIT, /* more virtual time than allowed */
};

struct mach_ctx;

/* Kernel lock: IRQL >= 2 (or the caller cannot be interrupted), never held across a point. */
struct mach_lock {
    uint32_t word;
};

struct mach_config {
    unsigned              cpus;      /* 1 .. MACH_CPUS_MAX */
    enum mach_point       level;     /* sim: finest kind of point that is a choice */
    struct choice_source *choices;   /* sim: NULL = always alternative 0 */
    uint64_t              steps_max; /* sim: 0 = default (1,000,000 choices) */
    mach_ns               time_max;  /* sim: 0 = none */
};

struct mach_upcalls {
    /* At IRQL = line, on the interrupted stack. The machine has cleared the pending bit. */
    void (*interrupt)(enum mach_line line);
};

/* ---- life ---- */

/* Boots, runs main(arg) as the first context on processor 0 at IRQL 0 with priority 8, ends when it returns: contexts
 * that are left are abandoned (sim) or, if daemons, ended at their next park (rt; others are waited for). After
 * MACH_HALTED on the real-time machine the process cannot run another machine: mach_run() returns -EBUSY.
 * main_user becomes the first context's user pointer. */
int mach_run(
    const struct mach_config *cfg, const struct mach_upcalls *up, void (*main)(void *), void *arg, void *main_user);

/* Any IRQL, even with kernel locks held. Stops every processor; mach_run() returns MACH_HALTED. */
_Noreturn void mach_halt(void);

/* ---- processors, IRQL, interrupts ---- */

unsigned mach_cpu(void);
unsigned mach_cpus(void);
unsigned mach_irql(void);

/* To the same or a higher level; returns the old one. Point: no. */
unsigned mach_irql_raise(unsigned irql);

/* To a lower level. Takes pending lines above it first, then, below 2, lets a context of higher priority in. The current
 * level again: nothing happens, so that code with a lock held may nest raise and lower. Point: only through the interrupts
 * taken. */
void mach_irql_lower(unsigned irql);

/* Any IRQL, any processor; taken when that processor's IRQL is below the line. Point: no; on the calling processor it
 * is taken at the next lowering of IRQL or point. */
void mach_line_raise(unsigned cpu, enum mach_line line);

/* True inside an interrupt that woke this processor from idle. IRQL >= 2. */
bool mach_idle(void);

/* IRQL of what the innermost interrupt on this processor interrupted; the current IRQL outside interrupts. */
unsigned mach_interrupted_irql(void);

/* IRQL of any processor; on the real-time machine it may be out of date when it arrives (2 or more, or less, is all it
 * knows of others). */
unsigned mach_cpu_irql(unsigned cpu);

/* ---- time ---- */

mach_ns mach_now(void);

/* System time at boot, in 100-ns units since 1601. The simulated machine always boots at the same instant. */
nt_100ns mach_boot_time(void);

/* One-shot compare of one processor: MACH_LINE_CLOCK is raised there once mach_now() >= due. MACH_NEVER disarms; the past
 * means at once. A later call replaces an earlier one. Any IRQL. Point: no. */
void mach_clock_arm(unsigned cpu, mach_ns due);

/* Lets ns pass on this processor, which stays busy. Any IRQL. Point: yes. */
void mach_stall(mach_ns ns);

/* The caller has only looked at the time: guarantees that a loop which polls it ends. Any IRQL. Point: after many looks. */
void mach_time_polled(void);

/* ---- contexts (threads) ---- */

struct mach_ctx_config {
    void (*fn)(void *);
    void    *arg;
    void    *user;     /* returned by mach_ctx_user() */
    unsigned priority; /* 0 .. 31, NT's; the real-time machine ignores it */
    uint64_t affinity; /* processors it may run on; 0 = all */
    bool     daemon;   /* does not keep a real-time machine alive */
};

/* IRQL <= 2. NULL: out of contexts. The new context may run at once elsewhere. Ends when fn returns (at IRQL 0). Point: no. */
struct mach_ctx *mach_ctx_create(const struct mach_ctx_config *cfg);

/* The calling thread, one of the host's, becomes a context of the machine that runs, at IRQL 0, until it detaches; the machine
 * does not end before that. 0; -ESRCH: none runs, or it is ending; -EBUSY: a context already; -ENOMEM; -ENOTSUP: the
 * simulated machine, whose contexts are all its own. */
int  mach_ctx_attach(uint64_t affinity);
void mach_ctx_user_set(void *user); /* of the calling context */

/* IRQL 0. After this the thread is none of the machine's. */
void mach_ctx_detach(void);

/* Ends the calling context from wherever it is; for the first context that ends the run. IRQL 0. */
_Noreturn void mach_ctx_exit(void);

struct mach_ctx *mach_ctx_self(void);                                /* idle has one too */
void             mach_stack_limits(uintptr_t *low, uintptr_t *high); /* of the stack that the caller runs on */
void            *mach_ctx_user(void);                                /* NULL for idle */
uint32_t         mach_ctx_id(const struct mach_ctx *c);              /* 1, 2, ... in order of creation; 0 = idle */
void             mach_ctx_priority(struct mach_ctx *c, unsigned priority);
void             mach_ctx_affinity(struct mach_ctx *c, uint64_t affinity);

/* Line 1 belongs to a context, not to a processor: its upcall is made in that context when it is at IRQL 0, at its next
 * point or when it lowers IRQL to 0. The upcall may lower IRQL to 0, park and move to another processor. A parked
 * context is not woken. Any IRQL, any context that lives. Point: no. */
void mach_ctx_interrupt(struct mach_ctx *c);

/* Until a permit is there, which it takes; returns at once when one is there already (no lost wake-up). At most one permit
 * is kept. IRQL < 2. Point: yes. */
void mach_park(void);

/* Gives a permit. Any IRQL. Point: no; if the context has higher priority it gets a processor when IRQL drops below 2. */
void mach_unpark(struct mach_ctx *c);

/* Gives the processor to a ready context of the same priority, if any; returns whether it did. IRQL < 2. Point: yes. */
bool mach_yield(void);

/* ---- locks, points, choices ---- */

void mach_lock(struct mach_lock *l);
void mach_unlock(struct mach_lock *l);
bool mach_try_lock(struct mach_lock *l); /* false: somebody has it */

/* Puts to into *word if that holds from; returns whether. Acquires and releases. Any IRQL. Point: no, so that the simulated
 * machine, which has one thread of the host, needs no locked instruction. */
static inline bool mach_claim(uintptr_t *word, uintptr_t from, uintptr_t to)
{
#ifdef MACH_SIM
    if (*word != from)
        return false;
    *word = to;
    return true;
#else
    return __atomic_compare_exchange_n(word, &from, to, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
#endif
}

/* Any IRQL, no kernel lock held. Point: that is what it is. obj: what the caller is about to touch. */
void mach_point(enum mach_point kind, const void *obj);

/*
 * A short cut for routines that are: a point, raise to DISPATCH_LEVEL, a few stores under locks, lower, a point.
 * mach_undisturbed(): nobody chooses, nothing has come up and IRQL is 2 or less, so that at this moment all of it is nothing
 * but counting; and by_others is 0, which is asked with the rest in one test. Then what lies between mach_short_begin() and
 * mach_short_end() needs neither points nor locks; it calls nothing else of the machine and publishes nothing.
 * mach_short_undo() instead of the end: nothing was done, the long way will count. Point: no, counts as two. The real-time
 * machine has no such moment.
 * mach_local(): what mach_local_set() has left with the processor that runs, for a quick way to it.
 */
struct mach_short {
    uint8_t *irql, old;
};

#ifdef MACH_SIM
bool              mach_undisturbed(uint32_t by_others);
void              mach_local_set(unsigned cpu, void *local); /* also before a run; it stays */
void             *mach_local(void);
struct mach_short mach_short_begin(void);
void              mach_short_end(struct mach_short s);
void              mach_short_undo(struct mach_short s);
#else
static inline bool mach_undisturbed(uint32_t by_others)
{
    (void)by_others;
    return false;
}

static inline void mach_local_set(unsigned cpu, void *local)
{
    (void)cpu, (void)local;
}

static inline void *mach_local(void)
{
    return NULL;
}

static inline struct mach_short mach_short_begin(void)
{
    return (struct mach_short){0};
}

static inline void mach_short_end(struct mach_short s)
{
    (void)s;
}

static inline void mach_short_undo(struct mach_short s)
{
    (void)s;
}
#endif

/* One turn of a spin loop: somebody else must move before this processor can get on. Point: yes. */
void mach_relax(const void *obj);

/* 0 .. n-1, n >= 1. The real-time machine always says 0. Point: no. */
unsigned mach_choose(unsigned n, enum choice_tag tag);

/* Is time virtual, and does one processor step at a time? */
static inline bool mach_is_simulated(void)
{
#ifdef MACH_SIM
    return true;
#else
    return false;
#endif
}

/* Grows while code of this process reaches points; stands still in an endless loop (0 on the real-time machine). */
uint64_t mach_points(void);

/* From here on alternative 0 is taken and the source is not asked (on), or it is again. Simulated machine; else nothing. */
void mach_choices_hold(bool on);

/* Number of choices asked so far in this run (0 on the real-time machine). */
uint64_t mach_choices(void);

/* ---- memory ---- */

/* Can the byte at address be read? Any IRQL; cannot fault. */
bool mach_is_mapped(const void *address);

/* Has an image been loaded that tells of its memory accesses (EV_MEM_READ, EV_MEM_WRITE)? */
bool mach_instrumented(void);

/* Reserves (once per process and region) address space at a fixed address, so that replays print the same addresses; zero
 * pages on demand. NULL: not to be had. */
enum mach_region { MACH_REGION_POOL, MACH_REGION_OBJECTS, MACH_REGION_STACKS, MACH_REGION_BUS, MACH_REGION_COUNT };
void *mach_reserve(enum mach_region region, size_t bytes);

/* Zero pages on demand, once per process, at two addresses: one, fixed, where they can only be read, and the one returned, where
 * they can be written. NULL: not to be had. */
void *mach_reserve_window(size_t bytes, const void **read_only);
