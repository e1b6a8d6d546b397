/* SPDX-License-Identifier: MIT */
/*
 * mach/sim/sched.c - who steps next.
 *
 * One host thread runs everything. At a point the running processor asks: it may go on (alternative 0), another
 * processor that has something to do may step, the clock may move to the next thing due, the running thread's
 * quantum may end, or a device that has something to do may step (device.c). So a processor can be arbitrarily slow
 * against the others and, within reason, against the clock, which is the freedom that real ones have. Virtual time
 * moves only here.
 *
 * A processor is busy when it runs a thread, is above PASSIVE_LEVEL, or has an interrupt to take. Threads that
 * become ready take an idle processor at once (their last one, else the lowest), so that "which idle processor"
 * is not a choice; within a processor priority decides.
 *
 * Spinning: a processor in mach_relax() is not offered again until somebody else has reached a point of another
 * kind. When all only spin, the clock moves; when nothing is due either, they get a few more turns (what they
 * spin on may have changed) and then the run ends as a livelock.
 *
 * Fairness of the clock: a processor may be slow against the clock, but not without end. A periodic timer whose DPC is still
 * running at each next expiry would leave its processor to nothing else for ever, which no real one does. So time may
 * overtake processors that could step AHEAD_MAX times; after that once in AHEAD_POINTS points, until all of them rest. Searches
 * with fewer switches than that never get there, since each time is a switch.
 */
#include "base/ev.h"
#include "mach/sim/sim.h"

enum {
    OPT_CLOCK = MACH_CPUS_MAX,
    OPT_QUANTUM,
    OPT_DEVICE,
    OPT_END = OPT_DEVICE + MACH_DEVICES_MAX,
    FRUITLESS_MAX = 1000,
    AHEAD_MAX = 64,
    AHEAD_POINTS = 256
};

struct sim sim = {.me = sim.cpu}; /* before the first run the caller is processor 0 too */

/* ---- ready contexts ---- */

static bool fits(const struct mach_ctx *c, unsigned cpu)
{
    return (c->affinity >> cpu & 1) != 0;
}

static void ready_insert(struct mach_ctx *c, bool first_of_equals)
{
    struct list *at = sim.ready.next;

    for (; at != &sim.ready; at = at->next) {
        unsigned p = container_of(at, struct mach_ctx, link)->priority;

        if (p < c->priority || (first_of_equals && p == c->priority))
            break;
    }
    list_add_before(at, &c->link);
    c->ready = true;
}

static struct mach_ctx *best_ready(unsigned cpu)
{
    list_for_each_safe(pos, tmp, &sim.ready) {
        struct mach_ctx *c = container_of(pos, struct mach_ctx, link);

        if (fits(c, cpu))
            return c;
    }
    return NULL;
}

/* Puts c, or idle when c is NULL, on the processor; who was there has been taken care of. */
static void place(unsigned cpu, struct mach_ctx *c)
{
    struct sim_cpu *v = &sim.cpu[cpu];

    v->pending &= ~(1u << MACH_LINE_APC);
    if (!c) {
        v->cur = v->idle;
        v->irql = 0;
        return;
    }
    list_del(&c->link);
    c->ready = false;
    c->cpu = (int)cpu;
    c->last_cpu = cpu;
    v->cur = c;
    v->irql = c->irql;
    v->pending |= (uint32_t)c->apc << MACH_LINE_APC;
}

static bool idle_and_free(unsigned cpu)
{
    return sim.cpu[cpu].cur == sim.cpu[cpu].idle;
}

/* An idle processor for c, preferring where it ran last; -1: none. It may be inside an interrupt, after which it takes c. */
static int find_idle(const struct mach_ctx *c)
{
    if (c->last_cpu < sim.cpus && idle_and_free(c->last_cpu) && fits(c, c->last_cpu))
        return (int)c->last_cpu;
    for (unsigned i = 0; i < sim.cpus; i++)
        if (idle_and_free(i) && fits(c, i))
            return (int)i;
    return -1;
}

/* The processor with the least important context below c; -1: none. */
static int find_victim(const struct mach_ctx *c)
{
    int      victim = -1;
    unsigned lowest = c->priority;

    for (unsigned i = 0; i < sim.cpus; i++) {
        if (fits(c, i) && sim.cpu[i].cur->priority < lowest) {
            lowest = sim.cpu[i].cur->priority;
            victim = (int)i;
        }
    }
    return victim;
}

static void make_ready(struct mach_ctx *c, bool first_of_equals)
{
    int idle = find_idle(c);

    ready_insert(c, first_of_equals);
    if (idle >= 0) {
        if (sim.cpu[idle].irql == 0 && idle != (int)sim.self)
            place((unsigned)idle, c);
        else
            sim.cpu[idle].pending |= SIM_RESCHED; /* busy with an interrupt: looks when it is done */
        return;
    }
    int victim = find_victim(c);

    if (victim >= 0)
        sim.cpu[victim].pending |= SIM_RESCHED;
}

/* ---- deciding ---- */

static bool steppable(const struct sim_cpu *v)
{
    if (sim_highest(v->pending) > v->irql)
        return true;
    if (v->stalled)
        return false;
    return v->cur != v->idle || v->irql > 0 || (v->pending & SIM_RESCHED);
}

void sim_find_due(void)
{
    mach_ns due = sim.devices ? sim_devices_due() : MACH_NEVER;

    for (unsigned i = 0; i < sim.cpus; i++) {
        const struct sim_cpu *v = &sim.cpu[i];

        if (v->clock_due < due)
            due = v->clock_due;
        if (v->stalled && v->stall_until < due)
            due = v->stall_until;
    }
    sim.due = due;
}

static void move_time(mach_ns to)
{
    if (to > sim.now)
        sim.now = to;
    sim.polls = 0;
    if (sim.time_max && sim.now > sim.time_max)
        sim_stop(MACH_TIME_LIMIT);
    for (unsigned i = 0; i < sim.cpus; i++) {
        struct sim_cpu *v = &sim.cpu[i];

        if (v->clock_due <= sim.now) {
            v->clock_due = MACH_NEVER;
            v->pending |= 1u << MACH_LINE_CLOCK;
        }
        if (v->stalled && v->stall_until <= sim.now)
            v->stalled = false;
    }
    if (sim.devices)
        sim_devices_time();
    sim_find_due();
}

static unsigned pick(unsigned n, enum choice_tag tag)
{
    sim_count_choice();
    return sim.source ? sim.source->pick(sim.source, n, tag) : 0;
}

static bool can_rotate(const struct sim_cpu *v)
{
    if (v->irql >= 2 || v->cur == v->idle || list_empty(&sim.ready))
        return false;
    const struct mach_ctx *c = best_ready(sim.self);

    return c && c->priority >= v->cur->priority;
}

/* The thread's time is up: to the end of its priority; only on its own processor, at a point. */
static void rotate(struct sim_cpu *v)
{
    struct mach_ctx *old = v->cur;
    struct mach_ctx *c = best_ready(sim.self);

    old->irql = v->irql;
    old->cpu = -1;
    place(sim.self, c);
    make_ready(old, false);
}

/* Lists what can step, the running processor first, then others, then devices; processors that only spin are left out. */
static unsigned alternatives(unsigned opt[], bool *self_goes_on)
{
    unsigned n = 0;

    *self_goes_on = !sim_self()->spinning && steppable(sim_self());
    if (*self_goes_on)
        opt[n++] = sim.self;
    for (unsigned i = 0; i < sim.cpus; i++)
        if (i != sim.self && !sim.cpu[i].spinning && steppable(&sim.cpu[i]))
            opt[n++] = i;
    for (uint32_t left = sim.devices_rung; left; left &= left - 1)
        opt[n++] = OPT_DEVICE + (unsigned)__builtin_ctz(left);
    return n;
}

static void somebody_got_on(void)
{
    for (unsigned i = 0; sim.spinners && i < sim.cpus; i++) {
        sim.spinners -= sim.cpu[i].spinning;
        sim.cpu[i].spinning = false;
    }
    sim.fruitless = 0;
    sim_points_changed();
}

/* Only spinners are left and nothing is due: give each another turn, for what they spin on may have changed. */
static bool spin_on(void)
{
    if (!sim.spinners)
        return false;
    if (++sim.fruitless > FRUITLESS_MAX * sim.cpus)
        sim_stop(MACH_LIVELOCK);
    for (unsigned k = 1; k <= sim.cpus; k++) {
        unsigned i = (sim.self + k) % sim.cpus;

        if (sim.cpu[i].spinning && steppable(&sim.cpu[i])) {
            sim.cpu[i].spinning = false;
            sim.spinners--;
            sim_points_changed();
            sim_set_self(i);
            return true;
        }
    }
    return false;
}

/* What is not a processor: the clock, or a device. Counted, so that a device that never rests ends. */
static void move(unsigned o)
{
    if (o == OPT_CLOCK) {
        sim.ahead++;
        sim.ahead_point = sim.points;
        move_time(sim.due);
    } else {
        sim_count_choice();
        sim_device_step(o - OPT_DEVICE);
    }
}

/* Whether time may move although n others could step. */
static bool clock_may_move(unsigned n)
{
    if (sim.due == MACH_NEVER)
        return false;
    if (n == 0)
        sim.ahead = 0;
    return sim.ahead < AHEAD_MAX || sim.points - sim.ahead_point >= AHEAD_POINTS;
}

/* Sets sim.self to the processor that steps. Does not return when nothing can. */
static void decide(void)
{
    for (;;) {
        unsigned opt[OPT_END];
        bool     self_goes_on;
        unsigned n = alternatives(opt, &self_goes_on);

        if (clock_may_move(n))
            opt[n++] = OPT_CLOCK;
        if (self_goes_on && can_rotate(sim_self()))
            opt[n++] = OPT_QUANTUM;
        if (n == 0) {
            if (spin_on())
                return;
            sim_stop(MACH_DEADLOCK);
        }
        unsigned o = opt[n > 1 ? pick(n, self_goes_on ? CHOICE_STEP : CHOICE_DISPATCH) : 0];

        if (o == OPT_CLOCK || o >= OPT_DEVICE) {
            move(o);
            if (sim.spinners)
                somebody_got_on();
            continue;
        }
        if (o == OPT_QUANTUM)
            rotate(sim_self());
        else
            sim_set_self(o);
        return;
    }
}

/* ---- stepping ---- */

/* In the context that it is for, which may come back from the upcall on another processor. */
static void take_apc(struct sim_cpu *v)
{
    v->pending &= ~(1u << MACH_LINE_APC);
    v->cur->apc = false;
    v->irql = MACH_LINE_APC;
    if (sim.spinners)
        somebody_got_on();
    sim.interrupt(MACH_LINE_APC);
    sim_self()->irql = 0;
}

static void take_pending(void)
{
    struct sim_cpu *v = sim_self();
    unsigned        line;

    while ((line = sim_highest(v->pending)) > v->irql) {
        if (line == MACH_LINE_APC) {
            take_apc(v);
            v = sim_self();
            continue;
        }
        uint8_t irql = v->irql, from = v->from_irql;
        bool    woke = v->woke_idle;

        v->pending &= ~(1u << line);
        v->woke_idle = v->cur == v->idle && irql == 0;
        v->from_irql = irql;
        v->irql = (uint8_t)line;
        v->interrupts++;
        if (sim.spinners)
            somebody_got_on();
        sim.interrupt((enum mach_line)line);
        sim_assert(sim_self() == v);
        v->interrupts--;
        v->irql = irql;
        v->from_irql = from;
        v->woke_idle = woke;
    }
}

static void go_to(struct mach_ctx *me, unsigned before)
{
    struct mach_ctx *next = sim_self()->cur;

    if (sim.self != before)
        ev(EV_SWITCH, (void *)(uintptr_t)next->id, before, sim_choices(), 0);
    if (next != me)
        sim_switch_to(me, next, false);
}

/* A better context is ready, or the one that runs may not run here any more. True: it has been away since. IRQL < 2. */
static bool preempt(void)
{
    struct sim_cpu  *v = sim_self();
    struct mach_ctx *me = v->cur, *c = best_ready(sim.self);

    v->pending &= ~SIM_RESCHED;
    if (me != v->idle) {
        bool must_leave = !fits(me, sim.self);

        if (!must_leave && (!c || c->priority <= me->priority))
            return false;
        me->irql = v->irql;
        me->cpu = -1;
        place(sim.self, c);
        make_ready(me, !must_leave);
    } else if (c) {
        place(sim.self, c);
    }
    if (v->cur == me)
        return false;
    go_to(me, sim.self);
    return true;
}

/* Ends when nothing has come while it was away; no deeper each time, for a context may be kept from running for long. */
__attribute__((noinline)) void sim_arrive(void)
{
    for (;;) {
        struct sim_cpu *v = sim_self();

        if (sim_highest(v->pending) > v->irql) {
            take_pending();
            v = sim_self();
        }
        if (!(v->pending & SIM_RESCHED) || v->irql >= 2 || !preempt())
            return;
    }
}

static void step(void)
{
    struct mach_ctx *me = sim_self()->cur;
    unsigned         before = sim.self;

    decide();
    go_to(me, before);
    sim_arrive();
}

/* Nobody chooses: at a point the running processor always goes on. Counted, so that an endless loop ends. */
static void default_step(void)
{
    sim_count_choice();
    if (sim_self()->pending)
        sim_arrive();
}

void sim_idle_loop(void *unused)
{
    (void)unused;
    for (;;)
        step();
}

static __attribute__((noinline)) void point(enum mach_point kind)
{
    sim.points++;
    if (kind > sim.level)
        return;
    if (sim.spinners)
        somebody_got_on();
    if (sim.source)
        step();
    else
        default_step();
}

/* Nothing has come up, nobody chooses and nobody spins: what is left of a point is its number. */
void mach_point(enum mach_point kind, const void *obj)
{
    (void)obj;
    if (kind == MACH_POINT_DDI && sim.me->pending == 0 && sim.free > 0)
        sim.free--;
    else
        point(kind);
}

bool mach_undisturbed(uint32_t by_others)
{
    const struct sim_cpu *v = sim.me;

    return (by_others | v->pending) == 0 && v->irql <= 2 && sim.free >= 2;
}

/* The two points of the routine, and what lowering IRQL counts. A fault meanwhile is one at DISPATCH_LEVEL, as ever. */
struct mach_short mach_short_begin(void)
{
    struct mach_short s = {.irql = &sim.me->irql, .old = sim.me->irql};

    sim.free -= 2;
    if (s.old < 2)
        sim.points++;
    *s.irql = 2;
    return s;
}

void mach_short_end(struct mach_short s)
{
    *s.irql = s.old;
}

void mach_short_undo(struct mach_short s)
{
    *s.irql = s.old;
    sim.free += 2;
    sim.points -= s.old < 2;
}

/* A processor spins inside an interrupt, maybe for what a context does that waits for this very processor to become idle: let
 * others have it. */
static void share_ready(void)
{
    list_for_each_safe(pos, tmp, &sim.ready) {
        struct mach_ctx *c = container_of(pos, struct mach_ctx, link);

        for (unsigned i = 0; c->ready && i < sim.cpus; i++)
            if (i != sim.self && idle_and_free(i) && sim.cpu[i].irql == 0 && fits(c, i))
                place(i, c);
    }
}

void mach_relax(const void *obj)
{
    struct sim_cpu *v = sim_self();

    (void)obj;
    sim.points++;
    if (v->irql >= 2 && !list_empty(&sim.ready))
        share_ready();
    if (can_rotate(v)) {
        unsigned         before = sim.self;
        struct mach_ctx *me = v->cur;

        rotate(v);
        go_to(me, before);
        sim_arrive();
        return;
    }
    if (!v->spinning) {
        v->spinning = true;
        sim.spinners++;
        sim_points_changed();
    }
    step();
    v = sim_self();
    if (v->spinning) {
        v->spinning = false;
        sim.spinners--;
    }
    sim_points_changed();
}

void mach_stall(mach_ns ns)
{
    struct sim_cpu *v = sim_self();
    mach_ns         until = units_add_sat(sim.now, ns);

    while (sim.now < until) {
        v->stalled = true;
        v->stall_until = until;
        if (until < sim.due)
            sim.due = until;
        step();
        v = sim_self(); /* a thread below DISPATCH_LEVEL may have moved */
    }
}

/* ---- contexts ---- */

void mach_park(void)
{
    struct sim_cpu  *v = sim_self();
    struct mach_ctx *me = v->cur;
    unsigned         before = sim.self;

    sim_assert(v->irql < 2 && me != v->idle);
    if (!me->permit) {
        if (sim.spinners)
            somebody_got_on();
        me->irql = v->irql;
        me->cpu = -1;
        place(sim.self, best_ready(sim.self));
        decide();
        go_to(me, before);
        sim_arrive();
    }
    sim_assert(me->permit);
    me->permit = false;
}

void mach_unpark(struct mach_ctx *c)
{
    if (c->permit)
        return;
    c->permit = true;
    if (c->cpu < 0 && !c->ready)
        make_ready(c, false);
}

bool mach_yield(void)
{
    struct sim_cpu  *v = sim_self();
    struct mach_ctx *me = v->cur;
    unsigned         before = sim.self;

    if (!can_rotate(v))
        return false;
    rotate(v);
    decide();
    go_to(me, before);
    sim_arrive();
    return true;
}

struct mach_ctx *mach_ctx_create(const struct mach_ctx_config *cfg)
{
    struct mach_ctx *c = sim_ctx_new(cfg->fn, cfg->arg);

    if (!c)
        return NULL;
    c->user = cfg->user;
    c->priority = (uint8_t)cfg->priority;
    c->affinity = cfg->affinity ? cfg->affinity : UINT64_MAX;
    make_ready(c, false);
    return c;
}

void sim_ctx_ended(void)
{
    struct sim_cpu  *v = sim_self();
    struct mach_ctx *me = v->cur;
    unsigned         before = sim.self;

    sim_assert(v->irql == 0);
    if (sim.spinners)
        somebody_got_on();
    place(sim.self, best_ready(sim.self));
    decide();
    if (sim.self != before)
        ev(EV_SWITCH, (void *)(uintptr_t)sim_self()->cur->id, before, sim_choices(), 0);
    sim_ctx_free(me);
    sim_switch_to(me, sim_self()->cur, true);
    __builtin_unreachable();
}

void mach_ctx_exit(void)
{
    if (sim_self()->cur->id == 1)
        sim_stop(MACH_DONE);
    sim_ctx_ended();
}

void mach_ctx_interrupt(struct mach_ctx *c)
{
    c->apc = true;
    if (c->cpu >= 0)
        sim.cpu[c->cpu].pending |= 1u << MACH_LINE_APC;
}

void mach_ctx_priority(struct mach_ctx *c, unsigned priority)
{
    unsigned old = c->priority;

    c->priority = (uint8_t)priority;
    if (c->ready) {
        list_del(&c->link);
        c->ready = false;
        make_ready(c, false);
    } else if (c->cpu >= 0 && priority < old) {
        sim.cpu[c->cpu].pending |= SIM_RESCHED;
    }
}

void mach_ctx_affinity(struct mach_ctx *c, uint64_t affinity)
{
    c->affinity = affinity;
    if (c->cpu >= 0 && !fits(c, (unsigned)c->cpu)) {
        sim.cpu[c->cpu].pending |= SIM_RESCHED;
    } else if (c->ready) {
        list_del(&c->link);
        c->ready = false;
        make_ready(c, false);
    }
}
