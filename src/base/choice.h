/* SPDX-License-Identifier: MIT */
/*
 * base/choice.h - where every nondeterministic decision of a simulated run comes from.
 *
 * The machine and the kernel ask "which of n?"; explore/ answers. Alternative 0 always means "go on as
 * you are": the default scheduler. A pick other than 0 is a *switch*; schedules are measured, bounded and
 * shrunk by their number of switches. Asking with n < 2 is not a choice and must not reach the source.
 */
#pragma once

#include <stdint.h>

/* What is being chosen; part of the divergence check, so append only. */
enum choice_tag {
    CHOICE_STEP,      /* who steps next: 0 = current processor, then others, then clock, then quantum */
    CHOICE_DISPATCH,  /* the current processor has nothing to run: which one steps (0 = lowest) */
    CHOICE_DPC_MODE,  /* threaded DPC at DISPATCH or PASSIVE */
    CHOICE_DPC_DELAY, /* deferred (Low or remote Medium) DPC: begin processing now? */
    CHOICE_FAULT,     /* fault injection: 0 = succeed */
    CHOICE_USER,      /* dt_choose() of the test */
    CHOICE_WAITER,    /* which exclusive waiter gets a push lock: 0 = the first */
    CHOICE_INTERRUPT, /* which processor takes a device interrupt: 0 = the current one, else the lowest */
    CHOICE_DEVICE,    /* what a device does of what it could do: 0 = the oldest, without a fault */
    CHOICE_TAG_COUNT
};

struct choice_source {
    /* Returns 0 .. n-1; called with n >= 2 only, on the machine's host thread. */
    unsigned (*pick)(struct choice_source *self, unsigned n, enum choice_tag tag);
};
