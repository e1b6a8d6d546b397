/* SPDX-License-Identifier: MIT */
/* mach/sim/sim.h - state of the simulated machine, shared by its files only. */
#pragma once

#include "base/list.h"
#include "mach/device.h"
#include "mach/mach.h"

enum { SIM_STACK_BYTES = 256 * 1024, SIM_GUARD_BYTES = 4096, SIM_CONTEXTS_MAX = 4096 };

struct mach_ctx {
    void       *sp;   /* while suspended */
    struct list link; /* in sim.ready, or in the list of free contexts */
    void (*fn)(void *);
    void    *arg, *user;
    uint64_t affinity;
    uint32_t id;
    int      cpu;      /* processor it is on, -1 when it is on none */
    unsigned last_cpu; /* where it ran last, preferred when it becomes ready */
    uint8_t  priority;
    uint8_t  irql; /* 0 or 1, while on no processor */
    bool     permit, ready;
    bool     apc;        /* line 1 is pending; while it runs, in its processor's lines too */
    void    *stack;      /* lowest usable address */
    void    *fake_stack; /* AddressSanitizer's, while suspended */
};

/* In sim_cpu.pending, below all lines: look for a better context once IRQL is below 2. */
enum { SIM_RESCHED = 1u };

struct sim_cpu {
    struct mach_ctx *cur, *idle;
    uint32_t         pending; /* lines, one bit each, and SIM_RESCHED: one test for all that comes up */
    uint8_t          irql, from_irql, interrupts; /* interrupts: how many are nested here */
    bool             woke_idle;                   /* the innermost interrupt came to an idle processor */
    bool             stalled, spinning;
    mach_ns          clock_due, stall_until;
    void            *local; /* of the kernel; it outlives the run */
};

struct sim {
    /* current values, hot */
    struct sim_cpu       *me;   /* the processor that steps, */
    unsigned              self; /* and its number: sim_set_self() */
    unsigned              cpus;
    unsigned              spinners; /* processors with spinning set */
    enum mach_point       level;
    uint32_t              devices_rung; /* by slot: wants to step */
    mach_ns               now, due;     /* due: the earliest clock compare, end of a stall or device */
    struct list           ready;        /* by priority, then first come */
    uint64_t              free;         /* points from now on that are nothing but counted down: see sim_choices() */
    uint64_t              choices_most; /* choices of this run if all of these are */
    uint64_t              steps_max;
    mach_ns               time_max;
    struct choice_source *source; /* NULL: nobody chooses */
    struct choice_source *asked;  /* of this run, also while choices are held */
    void (*interrupt)(enum mach_line line);
    unsigned polls;     /* looks at the clock since time last moved */
    unsigned fruitless; /* turns of spin loops since somebody got on */
    unsigned ahead;     /* moves of time past processors that could step; the last one at this point: */
    uint64_t ahead_point;
    unsigned device_polls; /* looks at registers since a device got on */
    uint32_t next_id;
    uint64_t points; /* over all runs of this process, without the choices of this run */
    /* life */
    enum mach_result result;
    struct mach_ctx  boot; /* the caller of mach_run() */
    bool             running;
    bool             booted; /* the first context has started */
    struct sim_cpu   cpu[MACH_CPUS_MAX];

    uint32_t            devices; /* attached */
    struct mach_device *device[MACH_DEVICES_MAX];
};

extern struct sim sim;

static inline struct sim_cpu *sim_self(void)
{
    return sim.me;
}

static inline void sim_set_self(unsigned cpu)
{
    sim.self = cpu;
    sim.me = &sim.cpu[cpu];
}

static inline unsigned sim_highest(uint32_t lines)
{
    return lines ? 31u - (unsigned)__builtin_clz(lines) : 0;
}

/* ---- ctx.c: stacks and switching ---- */

void             sim_ctx_reset(unsigned cpus);
struct mach_ctx *sim_ctx_new(void (*fn)(void *), void *arg);
void             sim_ctx_free(struct mach_ctx *c);
struct mach_ctx *sim_ctx_idle(unsigned cpu);

/* Returns when somebody switches back to from. leaving: from never comes back. */
void sim_switch_to(struct mach_ctx *from, struct mach_ctx *to, bool leaving);

/* ---- device.c ---- */

void    sim_devices_reset(void);
void    sim_device_step(unsigned slot);
mach_ns sim_devices_due(void);

/* Time has moved: rings those that are due. */
void sim_devices_time(void);

/* ---- sched.c: who steps ---- */

/* Of this run, so far. */
static inline uint64_t sim_choices(void)
{
    return sim.choices_most - sim.free;
}

/* sim.source, sim.spinners or sim.steps_max has changed. While nobody chooses and nobody spins, points are free. */
static inline void sim_points_changed(void)
{
    uint64_t choices = sim_choices();

    sim.free = sim.source || sim.spinners || choices > sim.steps_max ? 0 : sim.steps_max - choices;
    sim.choices_most = choices + sim.free;
}

/* Something that was due is not any more: finds sim.due again. */
void sim_find_due(void);

_Noreturn void sim_stop(enum mach_result why);

static inline void sim_count_choice(void)
{
    if (sim.free > 0)
        sim.free--;
    else if (++sim.choices_most > sim.steps_max)
        sim_stop(MACH_STEP_LIMIT);
}

/* The context fn has returned; never comes back. */
_Noreturn void sim_ctx_ended(void);

/* First thing on a fresh stack, and after every switch: what has come up meanwhile. */
void sim_arrive(void);

void           sim_idle_loop(void *unused);
_Noreturn void sim_assert_failed(const char *what, const char *file, int line);

#define sim_assert(x) ((x) ? (void)0 : sim_assert_failed(#x, __FILE__, __LINE__))
