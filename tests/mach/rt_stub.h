/* SPDX-License-Identifier: MIT */
/*
 * A kernel of a few lines for tests of the real-time machine: counts interrupts and checks what holds for every one.
 * cmocka's assertions belong to the thread of the test; contexts use check(), which aborts the program.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "mach/mach.h"

#define check(cond)                                                    \
    do {                                                               \
        if (!(cond)) {                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond); \
            abort();                                                   \
        }                                                              \
    } while (0)

#define STUB_LINES 16

/* Called inside the interrupt; may raise, lower and raise lines as a kernel would. */
static void (*stub_on[STUB_LINES])(void);

/* The tokens protect the rows: taken[cpu][line]. Read by others, so atomic. */
static _Atomic uint64_t stub_taken[MACH_CPUS_MAX][STUB_LINES];

/* The level that the processor was left at by the interrupt below; plain on purpose: the thread sanitizer sees the token. */
static unsigned stub_level[MACH_CPUS_MAX];

static void stub_interrupt(enum mach_line line)
{
    unsigned cpu = mach_cpu(), below = stub_level[cpu];

    check(cpu < mach_cpus());
    check(mach_irql() == line);
    check(line > below);
    stub_level[cpu] = line;
    atomic_fetch_add(&stub_taken[cpu][line], 1);
    if (stub_on[line])
        stub_on[line]();
    check(mach_irql() == line);
    check(mach_cpu() == cpu);
    check(stub_level[cpu] == line);
    stub_level[cpu] = below;
}

static void stub_reset(void)
{
    for (unsigned cpu = 0; cpu < MACH_CPUS_MAX; cpu++) {
        stub_level[cpu] = 0;
        for (unsigned line = 0; line < STUB_LINES; line++)
            atomic_store(&stub_taken[cpu][line], 0);
    }
    for (unsigned line = 0; line < STUB_LINES; line++)
        stub_on[line] = NULL;
}

static int stub_run(unsigned cpus, void (*fn)(void *), void *arg)
{
    static const struct mach_upcalls up = {.interrupt = stub_interrupt};
    struct mach_config               cfg = {.cpus = cpus};

    return mach_run(&cfg, &up, fn, arg, NULL);
}

static inline uint64_t stub_count(unsigned cpu, enum mach_line line)
{
    return atomic_load(&stub_taken[cpu][line]);
}

/* Waits at the caller's IRQL for a counter to get there; a lost interrupt ends the program. */
static inline void stub_await(const _Atomic uint64_t *counter, uint64_t at_least)
{
    mach_ns end = mach_now() + 20000000000ull;

    while (atomic_load(counter) < at_least) {
        check(mach_now() < end);
        mach_relax(counter);
    }
}

static inline struct mach_ctx *stub_thread(void (*fn)(void *), void *arg, uint64_t affinity)
{
    struct mach_ctx_config cfg = {.fn = fn, .arg = arg, .affinity = affinity, .priority = 8};
    struct mach_ctx       *c = mach_ctx_create(&cfg);

    check(c != NULL);
    return c;
}
