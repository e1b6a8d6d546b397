/* SPDX-License-Identifier: MIT */
/*
 * mach/rt/cpu.c - processors of the real-time machine: the token, IRQL, interrupt lines, kernel locks.
 *
 * A processor is a token. Code at IRQL >= 2 holds the token of its processor, so that at most one thread is at IRQL >= 2
 * on each; code below 2 runs free, and many contexts of one processor may run at once. No signal interrupts anybody:
 * a line is taken by the thread that holds the token, when it lowers IRQL below the line, at a point, or in a spin loop; or
 * else by the processor's interrupt thread (intr.c). What this costs: code that holds the token and makes no
 * machine call delays the interrupts of its processor, and code below 2 is not held up by the DPCs of its processor.
 *
 * Token and lines are one word (rt_cpu.state), and this is why no line is lost. Claim: a pending line always has
 * somebody who is bound to take it.
 *
 *   A thread that raises a line does one atomic OR, and looks at the value from before it:
 *     HELD was set   - the holder is bound. It can give up the token only by a compare-and-exchange of this same word from a
 *                      value without lines to one without HELD. In the word's modification order that exchange comes
 *                      either before the OR, which then would not have seen HELD, or after it, and then it fails:
 *                      the holder takes the line and tries again.
 *     HELD was clear - the raiser rings for the interrupt thread. That thread looks at the word again before it sleeps
 *                      (intr.c shows that the ring is not lost), and finds the line with HELD clear: it takes token and
 *                      line. Or with HELD set: then the thread that set HELD did so with the line pending, or the line
 *                      came later; in both cases it cannot let go before the line is taken. Or it finds no line: somebody
 *                      took it.
 *
 *   Nobody clears a line without holding the token and calling the kernel for it. There is no window between drain and
 *   release, and no fence: one word has one order.
 *
 * Lines that the holder raises on its own processor (a DPC queued on it) do not touch the word: they go to
 * own_lines, which the token protects; the release looks there as well. So queueing a DPC to the own processor at
 * PASSIVE costs the two exchanges of raise and lower, and the DPC has run when lower returns.
 *
 * Who finds the token held spins for a moment, then sets WAIT and sleeps on the word. A release that finds WAIT clears it
 * and wakes one; who has slept takes the token with WAIT set, since others may still sleep. New-comers may overtake.
 *
 * A halted machine has HALT in every word. The exchanges of the fast paths expect words without it, so that halting
 * costs them nothing: they fail into the slow paths, which stop the thread for good.
 */
#include "mach/rt/rt.h"

#include <sched.h>

#define TOKEN_SPINS 100u
#define LOCK_SPINS  64u

struct rt_cpu              rt_cpus[MACH_CPUS_MAX];
unsigned                   rt_cpu_count;
struct rt_cpu              rt_no_cpu = {.state = RT_NOBODY};
const struct mach_upcalls *rt_upcalls;

struct mach_ctx           rt_nobody = {.home = &rt_no_cpu};
__thread struct mach_ctx *rt_self = &rt_nobody;

/* ---- taking lines ---- */

/* Forgets the line before the kernel is called: what is raised during the call is a new interrupt. */
static void clear_line(struct rt_cpu *p, uint32_t state, uint32_t bit)
{
    p->own_lines &= ~bit;
    if (state & bit)
        atomic_fetch_and_explicit(&p->state, ~bit, memory_order_acquire);
}

static void deliver(struct mach_ctx *c, unsigned line)
{
    unsigned old = c->irql, from = c->interrupted;

    c->interrupted = old + 1;
    c->irql = line;
    rt_upcalls->interrupt((enum mach_line)line);
    if (rt_unlikely(c->irql != line))
        rt_die("an interrupt returned at another IRQL than it was called at");
    c->irql = old;
    c->interrupted = from;
}

/* Highest first. Ends unless interrupts raise their own line for ever, as on hardware. */
void rt_take_lines(struct mach_ctx *c, struct rt_cpu *p, unsigned floor)
{
    for (;;) {
        uint32_t state = atomic_load_explicit(&p->state, memory_order_relaxed);
        uint32_t lines = (state | p->own_lines) & RT_LINES_ABOVE(floor);

        if (rt_unlikely(state & RT_HALT))
            rt_stop_context();
        if (!lines)
            return;
        unsigned line = 31 - (unsigned)__builtin_clz(lines);
        clear_line(p, state, 1u << line);
        deliver(c, line);
    }
}

/* IRQL >= 2: what a point is on this machine. */
static void take_lines_if_any(struct mach_ctx *c)
{
    struct rt_cpu *p = c->held;
    uint32_t       state = atomic_load_explicit(&p->state, memory_order_relaxed);

    if (rt_unlikely((state | p->own_lines) & (RT_LINES_ABOVE(c->irql) | RT_HALT)))
        rt_take_lines(c, p, c->irql);
}

/* ---- the token ---- */

/* One attempt; what lines are pending is not looked at. Fails if the word changed meanwhile. */
static bool token_try(struct mach_ctx *c, struct rt_cpu *p, uint32_t state, uint32_t wait)
{
    if (!atomic_compare_exchange_strong_explicit(
            &p->state, &state, state | RT_HELD | wait, memory_order_acquire, memory_order_relaxed))
        return false;
    c->held = p;
    return true;
}

/* Sleeps unless the word changes first. A line that is raised changes it too: the caller just looks again. */
static void token_sleep(struct rt_cpu *p, uint32_t state)
{
    if (!(state & RT_WAIT) && !atomic_compare_exchange_strong_explicit(
                                  &p->state, &state, state | RT_WAIT, memory_order_relaxed, memory_order_relaxed))
        return;
    rt_futex_wait(&p->state, state | RT_WAIT, MACH_NEVER);
}

static __attribute__((noinline)) void token_take_slow(struct mach_ctx *c, struct rt_cpu *p)
{
    uint32_t wait = 0;

    for (unsigned turn = 0;; turn++) {
        uint32_t state = atomic_load_explicit(&p->state, memory_order_relaxed);

        if (state & RT_NOBODY)
            rt_die("a thread that is not a context raised IRQL");
        if (state & RT_HALT)
            rt_stop_context();
        if (!(state & RT_HELD)) {
            if (token_try(c, p, state, wait))
                return;
        } else if (turn < TOKEN_SPINS) {
            __builtin_ia32_pause();
        } else {
            token_sleep(p, state);
            wait = RT_WAIT;
            turn = TOKEN_SPINS / 2;
        }
    }
}

static inline void token_take(struct mach_ctx *c)
{
    struct rt_cpu *p = atomic_load_explicit(&c->home, memory_order_relaxed);

    if (rt_unlikely(!token_try(c, p, 0, 0)))
        token_take_slow(c, p);
}

bool rt_token_take_for_lines(struct mach_ctx *c, struct rt_cpu *p)
{
    for (;;) {
        uint32_t state = atomic_load_explicit(&p->state, memory_order_relaxed);

        if (!(state & RT_LINES) || (state & (RT_HELD | RT_HALT)))
            return false;
        if (token_try(c, p, state, 0))
            return true;
    }
}

__attribute__((noinline)) void rt_token_release_slow(struct mach_ctx *c, struct rt_cpu *p, unsigned irql)
{
    uint32_t state;

    c->irql = irql; /* what the lines are said to have interrupted */
    do {
        rt_take_lines(c, p, 1);
        state = atomic_load_explicit(&p->state, memory_order_relaxed);
    } while ((state & (RT_LINES | RT_HALT)) ||
             !atomic_compare_exchange_strong_explicit(
                 &p->state, &state, state & ~(RT_HELD | RT_WAIT), memory_order_release, memory_order_relaxed));
    if (state & RT_WAIT)
        rt_futex_wake(&p->state, 1);
}

static inline void token_release(struct mach_ctx *c, unsigned irql)
{
    struct rt_cpu *p = c->held;
    uint32_t       held = RT_HELD;

    if (rt_likely(!p->own_lines && atomic_compare_exchange_strong_explicit(
                                       &p->state, &held, 0, memory_order_release, memory_order_relaxed)))
        c->irql = irql;
    else
        rt_token_release_slow(c, p, irql);
}

/* ---- IRQL ---- */

unsigned mach_cpu(void)
{
    struct mach_ctx *c = rt_self;

    if (c->irql >= 2)
        return c->held->index;
    return atomic_load_explicit(&c->home, memory_order_relaxed)->index;
}

unsigned mach_cpus(void)
{
    return rt_cpu_count;
}

unsigned mach_irql(void)
{
    return rt_self->irql;
}

/* Uncontended: one exchange from below 2, a store from 2 on. */
unsigned mach_irql_raise(unsigned irql)
{
    struct mach_ctx *c = rt_self;
    unsigned         old = c->irql;

    if (rt_unlikely(irql < old))
        rt_die("IRQL raised to a lower level");
    if (old < 2 && irql >= 2)
        token_take(c);
    else
        rt_check_halt();
    c->irql = irql;
    return old;
}

/* Line 1 of this context, which is at IRQL 0; the next one may come in the upcall already. */
static __attribute__((noinline)) void take_apc(struct mach_ctx *c)
{
    atomic_store_explicit(&c->apc, false, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst);
    c->irql = MACH_LINE_APC;
    rt_upcalls->interrupt(MACH_LINE_APC);
    c->irql = 0;
}

static inline void take_apc_if_any(struct mach_ctx *c)
{
    while (rt_unlikely(atomic_load_explicit(&c->apc, memory_order_relaxed)))
        take_apc(c);
}

/* A context that runs below IRQL 2 finds out by itself: nobody interrupts it. */
void mach_ctx_interrupt(struct mach_ctx *c)
{
    atomic_store_explicit(&c->apc, true, memory_order_seq_cst);
}

/* Uncontended: one exchange to below 2, a load and a store from there on. */
void mach_irql_lower(unsigned irql)
{
    struct mach_ctx *c = rt_self;
    unsigned         old = c->irql;

    if (rt_unlikely(irql > old))
        rt_die("IRQL lowered to a higher level");
    if (irql == old)
        return;
    if (old < 2) {
        rt_check_halt();
        c->irql = irql;
    } else if (irql < 2) {
        token_release(c, irql);
    } else {
        c->irql = irql;
        take_lines_if_any(c);
    }
    if (irql == 0)
        take_apc_if_any(c);
}

/* The OR is sequentially consistent for the sake of rt_ring(). */
void mach_line_raise(unsigned cpu, enum mach_line line)
{
    struct mach_ctx *c = rt_self;
    struct rt_cpu   *p = &rt_cpus[cpu];
    uint32_t         bit = 1u << line;

    if (c->irql >= 2 && c->held == p) {
        p->own_lines |= bit;
        return;
    }
    uint32_t state = atomic_fetch_or_explicit(&p->state, bit, memory_order_seq_cst);
    if (rt_unlikely(state & RT_HALT))
        rt_stop_context();
    if (!(state & RT_HELD))
        rt_ring(p, 0);
}

/*
 * An approximation: only the interrupt thread says yes. It takes lines exactly when no context of the processor was at
 * IRQL >= 2; contexts that run below 2 on this processor are not known to it.
 */
bool mach_idle(void)
{
    return rt_self->is_idle;
}

/* The interrupt thread interrupts nobody, which counts as 0: it took the token because nobody was at IRQL >= 2. */
unsigned mach_interrupted_irql(void)
{
    struct mach_ctx *c = rt_self;

    return c->interrupted ? c->interrupted - 1 : c->irql;
}

/* Of others only this is known: whether somebody holds the token. */
unsigned mach_cpu_irql(unsigned cpu)
{
    struct rt_cpu *p = &rt_cpus[cpu];

    if (rt_self->irql >= 2 && rt_self->held == p)
        return rt_self->irql;
    return atomic_load_explicit(&p->state, memory_order_relaxed) & RT_HELD ? 2 : 0;
}

/* ---- points and locks ---- */

/* Below 2 nothing is to do: the interrupt thread runs by itself. */
void mach_point(enum mach_point kind, const void *obj)
{
    struct mach_ctx *c = rt_self;

    (void)kind;
    (void)obj;
    if (c->irql >= 2) {
        take_lines_if_any(c);
        return;
    }
    rt_check_halt();
    if (c->irql == 0)
        take_apc_if_any(c);
}

/*
 * Pauses that grow from 1 to 32, then gives the host processor away on every 8th turn: the thread that is waited for may
 * not be running. Another object starts over.
 */
void mach_relax(const void *obj)
{
    struct mach_ctx *c = rt_self;

    mach_point(MACH_POINT_DDI, obj);
    if (c->relax_obj != obj) {
        c->relax_obj = obj;
        c->relax_turns = 0;
    }
    unsigned turn = c->relax_turns++;
    if (turn >= 8 && turn % 8 == 0) {
        sched_yield();
        return;
    }
    for (unsigned n = 1u << (turn < 5 ? turn : 5); n; n--)
        __builtin_ia32_pause();
}

/* The owner may have been stopped with the lock held: then a host's thread that wants it would wait for ever. */
static __attribute__((noinline)) void lock_slow(struct mach_lock *l)
{
    for (unsigned turn = 1;; turn++) {
        rt_check_halt();
        if (rt_unlikely(atomic_load_explicit(&rt_halted, memory_order_relaxed)))
            rt_die("a kernel lock is wanted after the machine was halted");
        if (__atomic_load_n(&l->word, __ATOMIC_RELAXED) == 0 && __atomic_exchange_n(&l->word, 1, __ATOMIC_ACQUIRE) == 0)
            return;
        if (turn % LOCK_SPINS == 0)
            sched_yield();
        else
            __builtin_ia32_pause();
    }
}

/* Holders may be taken off the host processor: who spins yields now and then. Not fair. */
void mach_lock(struct mach_lock *l)
{
    rt_check_halt();
    if (rt_unlikely(__atomic_exchange_n(&l->word, 1, __ATOMIC_ACQUIRE)))
        lock_slow(l);
}

bool mach_try_lock(struct mach_lock *l)
{
    return __atomic_load_n(&l->word, __ATOMIC_RELAXED) == 0 && __atomic_exchange_n(&l->word, 1, __ATOMIC_ACQUIRE) == 0;
}

void mach_unlock(struct mach_lock *l)
{
    __atomic_store_n(&l->word, 0, __ATOMIC_RELEASE);
}

unsigned mach_choose(unsigned n, enum choice_tag tag)
{
    (void)n;
    (void)tag;
    return 0;
}

void mach_choices_hold(bool on)
{
    (void)on;
}

uint64_t mach_choices(void)
{
    return 0;
}

/* Not counted: threads of the host go on beside an endless loop, and a shared counter would cost every call. */
uint64_t mach_points(void)
{
    return 0;
}
