/* SPDX-License-Identifier: MIT */
/* mach/sim/sim.c - life, IRQL, interrupt lines and clock of the simulated machine. Theory: see sched.c. */
#include "mach/sim/sim.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/ev.h"

enum { STEPS_DEFAULT = 1000000, POLLS_MAX = 1000 };

/* 2026-01-01 00:00:00 UTC in 100-ns units since 1601: every simulated machine boots then. */
static const nt_100ns boot_time = 134116992000000000ull;

static void stamp(struct ev *e)
{
    const struct sim_cpu *v = sim_self();

    e->cpu = (uint8_t)sim.self;
    e->irql = v->irql;
    e->thread = v->cur ? v->cur->id : 0;
    e->time_ns = sim.now;
}

static void (*main_fn)(void *);

static void main_context(void *arg)
{
    main_fn(arg);
    sim_stop(MACH_DONE);
}

static void cpu_reset(unsigned cpu)
{
    struct mach_ctx *idle = sim_ctx_idle(cpu);

    sim.cpu[cpu] = (struct sim_cpu){.cur = idle, .idle = idle, .clock_due = MACH_NEVER, .local = sim.cpu[cpu].local};
}

static void reset(const struct mach_config *cfg, const struct mach_upcalls *up)
{
    sim_set_self(0);
    sim.cpus = cfg->cpus;
    sim.spinners = sim.fruitless = sim.polls = sim.ahead = 0;
    sim.level = cfg->level;
    sim.now = 0;
    sim.due = MACH_NEVER;
    list_init(&sim.ready);
    sim.points += sim_choices();
    sim.choices_most = sim.free = 0;
    sim.steps_max = cfg->steps_max ? cfg->steps_max : STEPS_DEFAULT;
    sim.time_max = cfg->time_max;
    sim.source = sim.asked = cfg->choices;
    sim_points_changed();
    sim.interrupt = up->interrupt;
    sim_ctx_reset(cfg->cpus);
    sim_devices_reset();
    for (unsigned i = 0; i < cfg->cpus; i++)
        cpu_reset(i);
}

int mach_run(
    const struct mach_config *cfg, const struct mach_upcalls *up, void (*fn)(void *), void *arg, void *main_user)
{
    struct mach_ctx_config first = {.fn = main_context, .arg = arg, .user = main_user, .priority = 8};

    sim_assert(!sim.running && cfg->cpus >= 1 && cfg->cpus <= MACH_CPUS_MAX);
    reset(cfg, up);
    main_fn = fn;
    ev_stamp = stamp;
    sim.running = true;
    sim_set_self(MACH_CPUS_MAX - 1); /* nobody: so that the first context takes processor 0 at once */
    if (!mach_ctx_create(&first)) {
        sim.running = false;
        return -12; /* ENOMEM: no address space for stacks */
    }
    sim_set_self(0);
    sim_switch_to(&sim.boot, sim.cpu[0].cur, false);
    sim.running = false;
    sim_set_self(0); /* between runs the caller is an idle processor 0 at PASSIVE_LEVEL */
    cpu_reset(0);
    return (int)sim.result;
}

void sim_stop(enum mach_result why)
{
    sim.result = why;
    sim_switch_to(sim_self()->cur, &sim.boot, true);
    __builtin_unreachable();
}

void mach_halt(void)
{
    sim_stop(MACH_HALTED);
}

__attribute__((noinline, cold)) void sim_assert_failed(const char *what, const char *file, int line)
{
    fprintf(stderr, "duetime: internal error at %s:%d: %s\n", file, line, what);
    abort();
}

/* ---- processors, IRQL, interrupts ---- */

unsigned mach_cpu(void)
{
    return sim.self;
}

unsigned mach_cpus(void)
{
    return sim.cpus;
}

unsigned mach_irql(void)
{
    return sim_self()->irql;
}

unsigned mach_irql_raise(unsigned irql)
{
    struct sim_cpu *v = sim_self();
    unsigned        old = v->irql;

    v->irql = (uint8_t)irql;
    return old;
}

void mach_irql_lower(unsigned irql)
{
    struct sim_cpu *v = sim_self();

    if (v->irql == irql)
        return;
    sim.points++;
    v->irql = (uint8_t)irql;
    if (__builtin_expect(v->pending != 0, 0))
        sim_arrive();
}

void mach_line_raise(unsigned cpu, enum mach_line line)
{
    sim_assert(cpu < sim.cpus);
    sim.cpu[cpu].pending |= 1u << line;
}

bool mach_idle(void)
{
    return sim_self()->woke_idle;
}

unsigned mach_interrupted_irql(void)
{
    const struct sim_cpu *v = sim_self();

    return v->interrupts ? v->from_irql : v->irql;
}

unsigned mach_cpu_irql(unsigned cpu)
{
    sim_assert(cpu < sim.cpus);
    return sim.cpu[cpu].irql;
}

void mach_local_set(unsigned cpu, void *local)
{
    sim.cpu[cpu].local = local;
}

void *mach_local(void)
{
    return sim_self()->local;
}

/* ---- time ---- */

mach_ns mach_now(void)
{
    return sim.now;
}

nt_100ns mach_boot_time(void)
{
    return boot_time;
}

void mach_clock_arm(unsigned cpu, mach_ns due)
{
    struct sim_cpu *v = &sim.cpu[cpu];
    mach_ns         before = v->clock_due;

    if (due <= sim.now) {
        due = MACH_NEVER;
        v->pending |= 1u << MACH_LINE_CLOCK;
    }
    v->clock_due = due;
    if (due < sim.due)
        sim.due = due;
    else if (before == sim.due && due != before)
        sim_find_due();
}

/* Each look costs nothing for a while, then a microsecond: no schedule is lost, and a polling loop ends. */
void mach_time_polled(void)
{
    if (++sim.polls <= POLLS_MAX)
        return;
    mach_stall(1000);
    sim.polls = POLLS_MAX;
}

/* ---- contexts, locks, choices ---- */

struct mach_ctx *mach_ctx_self(void)
{
    return sim_self()->cur;
}

void *mach_ctx_user(void)
{
    return sim_self()->cur->user;
}

uint32_t mach_ctx_id(const struct mach_ctx *c)
{
    return c->id;
}

void mach_lock(struct mach_lock *l)
{
    sim_assert(l->word == 0);
    l->word = 1;
}

bool mach_try_lock(struct mach_lock *l)
{
    bool taken = l->word != 0;

    l->word = 1;
    return !taken;
}

void mach_unlock(struct mach_lock *l)
{
    sim_assert(l->word == 1);
    l->word = 0;
}

unsigned mach_choose(unsigned n, enum choice_tag tag)
{
    if (n < 2)
        return 0;
    sim_count_choice();
    return sim.source ? sim.source->pick(sim.source, n, tag) : 0;
}

void mach_choices_hold(bool on)
{
    sim.source = on ? NULL : sim.asked;
    sim_points_changed();
}

uint64_t mach_points(void)
{
    return sim.points + sim_choices();
}

uint64_t mach_choices(void)
{
    return sim_choices();
}
