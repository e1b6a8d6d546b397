/* SPDX-License-Identifier: MIT */
/*
 * mach/sim/ctx.c - contexts of the simulated machine: coroutines with stacks of their own.
 *
 * Context i always has stack i, at the same address in every process, and contexts are handed out in order: so
 * addresses of locals are the same in every replay, and starting afresh costs a counter. Each stack ends in a
 * guard page; an overflow is a fault, not corruption.
 */
#include <errno.h>
#include <sys/mman.h>

#include "mach/sim/sim.h"

#if defined(__SANITIZE_ADDRESS__)
#    define SIM_ASAN 1
#elif defined(__has_feature)
#    if __has_feature(address_sanitizer)
#        define SIM_ASAN 1
#    endif
#endif
#ifndef SIM_ASAN
#    define SIM_ASAN 0
#endif

#if SIM_ASAN
#    include <sanitizer/asan_interface.h>
#    include <sanitizer/common_interface_defs.h>
#endif

void sim_switch(void **save, void *load);

enum { STACK_STRIDE = SIM_STACK_BYTES + SIM_GUARD_BYTES };

static struct mach_ctx contexts[SIM_CONTEXTS_MAX];
static unsigned        used;   /* contexts[0..used) have been handed out in this run */
static unsigned        mapped; /* contexts[0..mapped) have a stack with a guard page */
static struct list     free_list;
static char           *stacks;

static bool map_stack(unsigned i)
{
    if (!stacks)
        stacks = mach_reserve(MACH_REGION_STACKS, (size_t)STACK_STRIDE * SIM_CONTEXTS_MAX);
    if (!stacks)
        return false;
    char *low = stacks + (size_t)STACK_STRIDE * i;

    mprotect(low, SIM_GUARD_BYTES, PROT_NONE);
    contexts[i].stack = low + SIM_GUARD_BYTES;
    mapped = i + 1;
    return true;
}

#if SIM_ASAN
static const void *boot_bottom; /* the stack of mach_run()'s caller */
static size_t      boot_size;
#endif

static void asan_start(struct mach_ctx *from, struct mach_ctx *to, bool leaving)
{
#if SIM_ASAN
    bool boot = to == &sim.boot;

    __sanitizer_start_switch_fiber(
        leaving ? NULL : &from->fake_stack, boot ? boot_bottom : to->stack, boot ? boot_size : SIM_STACK_BYTES);
#else
    (void)from, (void)to, (void)leaving;
#endif
}

/* The first switch away from the boot stack tells where that stack is. */
static void asan_finish(struct mach_ctx *me)
{
#if SIM_ASAN
    const void *bottom;
    size_t      size;

    __sanitizer_finish_switch_fiber(me->fake_stack, &bottom, &size);
    if (!sim.booted) {
        boot_bottom = bottom;
        boot_size = size;
    }
#endif
    (void)me;
    sim.booted = true;
}

/* Runs on a fresh stack. */
static void entry(void)
{
    struct mach_ctx *c = sim_self()->cur;

    asan_finish(c);
    sim_arrive();
    c->fn(c->arg);
    sim_ctx_ended();
}

static void prepare_stack(struct mach_ctx *c)
{
    void **top = (void **)((char *)c->stack + SIM_STACK_BYTES);

    *--top = NULL; /* a frame without a return address ends every stack walk */
    for (int callee_saved = 0; callee_saved < 6; callee_saved++)
        *--top = NULL;
    *--top = (void *)entry;
    c->sp = top;
    c->fake_stack = NULL;
#if SIM_ASAN
    ASAN_UNPOISON_MEMORY_REGION(c->stack, SIM_STACK_BYTES);
#endif
}

void sim_ctx_reset(unsigned cpus)
{
    used = 0;
    list_init(&free_list);
    sim.next_id = 0;
    sim.booted = false;
    for (unsigned i = 0; i < cpus; i++) {
        struct mach_ctx *idle = sim_ctx_new(sim_idle_loop, NULL);

        idle->id = 0;
        idle->cpu = (int)i;
    }
    sim.next_id = 1;
}

struct mach_ctx *sim_ctx_idle(unsigned cpu)
{
    return &contexts[cpu];
}

static struct mach_ctx *take_slot(void)
{
    struct list *l = list_pop(&free_list);

    if (l)
        return container_of(l, struct mach_ctx, link);
    if (used == SIM_CONTEXTS_MAX || (used == mapped && !map_stack(used)))
        return NULL;
    return &contexts[used++];
}

struct mach_ctx *sim_ctx_new(void (*fn)(void *), void *arg)
{
    struct mach_ctx *c = take_slot();

    if (!c)
        return NULL;
    c->fn = fn;
    c->arg = arg;
    c->user = NULL;
    c->affinity = UINT64_MAX;
    c->id = sim.next_id++;
    c->cpu = -1;
    c->last_cpu = 0;
    c->priority = 0;
    c->irql = 0;
    c->permit = c->ready = c->apc = false;
    list_init(&c->link);
    prepare_stack(c);
    return c;
}

/* The stack may still be in use until the caller has switched away: nobody can take the slot before that. */
void sim_ctx_free(struct mach_ctx *c)
{
    list_add_tail(&free_list, &c->link);
}

void sim_switch_to(struct mach_ctx *from, struct mach_ctx *to, bool leaving)
{
    asan_start(from, to, leaving);
    sim_switch(&from->sp, to->sp);
    asan_finish(from);
}

void mach_stack_limits(uintptr_t *low, uintptr_t *high)
{
    *low = (uintptr_t)mach_ctx_self()->stack;
    *high = *low + SIM_STACK_BYTES;
}

/* ---- threads of the host: none, all contexts run on the one thread ---- */

int mach_ctx_attach(uint64_t affinity)
{
    (void)affinity;
    return -ENOTSUP;
}

void mach_ctx_user_set(void *user)
{
    mach_ctx_self()->user = user;
}

void mach_ctx_detach(void) {}
