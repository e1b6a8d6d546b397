/* SPDX-License-Identifier: MIT */
/* machines: sim */
/* The simulated machine's coroutine switch alone: there and back between two stacks. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "mach/sim/sim.h"

void sim_switch(void **save, void *load);

enum { ROUNDS = 20000000, STACK_BYTES = 65536 };

static void *here, *there;

static void other(void)
{
    for (;;)
        sim_switch(&there, here);
}

static double now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

int main(void)
{
    char  *stack = aligned_alloc(16, STACK_BYTES);
    void **top = (void **)(stack + STACK_BYTES);

    *--top = NULL;
    for (int i = 0; i < 6; i++)
        *--top = NULL;
    *--top = (void *)other;
    there = top;
    sim_switch(&here, there);
    double from = now_ns();

    for (int i = 0; i < ROUNDS; i++)
        sim_switch(&here, there);
    printf("coroutine switch %.2f ns (wanted: 10)\n", (now_ns() - from) / ROUNDS / 2);
    free(stack);
    return 0;
}
